# What io_uring does in ways of its own. All other cases for event loops run over uring/server too.

# The limit of descriptors that holds for an accept is the one of the moment when it was queued.
#: uring/server
descriptors_run_out_from_the_start() {
	allow_stderr
	start_with limit 7 -- -q # stdin, stdout, stderr, two for the ring and the socket, the spare one
	hold 1
	mkfifo in
	event_peer refused "$ADDR" 20 <in >refused 2>&1 &
	exec 3>in
	await refused '^20 refused$'
	expect_error accept EMFILE err
	stands_still "$PID"
	let_go
	serves
	stop
	expect 'connections' 2 "$(served | cut -d' ' -f1)"
}

# More clients that never read than there are buffers: they keep none, and the others are served.
#: uring/server
slow_clients_keep_no_buffer() {
	start -q
	fill_up 50
	stands_still "$PID"
	within 8 "$PEER" turns "$ADDR" 5 || fail 'they keep the others from being served'
	stop
}

# More clients that flood than there are buffers: the others get their turn.
#: uring/server
flooders_share_buffers() {
	start -q
	: >flooding
	for _ in $(seq 40); do
		"$PEER" flood "$ADDR" >>flooding 2>&1 &
	done
	wait_until 'too few flood' are_flooding 40
	within 8 "$PEER" ping "$ADDR" 20 || fail 'one more client does not get its turn'
	stop
}

are_flooding() {
	saw=$(grep -c flooding flooding)
	[ "$saw" -eq "$1" ]
}

# One line says that there is no io_uring, or that it is forbidden.
#: uring/server
no_io_uring() {
	needs_notifications
	: >short
	for error in ENOSYS EPERM EINVAL ENOMEM; do
		expect_exit 1 rules fault io_uring $error short "$P" 0
		expect_error 'io_uring cannot be used here .*: io_uring_setup' $error
	done
}

# One client's message costs two calls: one that waits for it, and one that sends it.
#: uring/server
calls_with_io_uring() {
	command -v strace >/dev/null || skip "no strace"
	# The address sanitizer looks for leaks with ptrace(2), as strace does, and only one of them can.
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o trace "$P" -q 0 >out 2>err </dev/null &
	tracer=$!
	located
	peer ping "$ADDR" 200
	kill "$(peer children $tracer)"
	ends 0 $tracer
	sed -n '/^getpeername/,/^close/s/(.*//p' trace | sort | uniq -c | awk '{ print $2, $1 }' >calls
	n=$(sed -n 's/^io_uring_enter //p' calls)
	[ "$n" -ge 400 ] || fail "$n calls for 200 messages: $(cat calls)"
	[ "$n" -le 410 ] || fail "$n calls for 200 messages: $(cat calls)"
}
