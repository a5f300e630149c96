# Whatever system call fails, a program goes on or reports it: the program runs again and again, and
# each of its calls fails in one of these runs. See tests/sweep.c.

# sweep_program [-a]: -a lets each call fail with every error, and not with one only.
sweep_program() {
	[ -z "${SAN:-}" ] || skip 'a sanitizer ends a program whose calls fail'
	status=0
	# shellcheck disable=SC2086 # several words
	TMPDIR=$PWD "$BIN/tests/sweep" "$@" "$PROGRAM" "$KIND" $OPTIONS >findings || status=$?
	[ $status -ne 77 ] || skip "$(sed -n 's/^skipped: //p' findings)"
	[ $status -eq 0 ] || fail "$(cat findings)"
}

# One program of each kind.
#: tcp/server mtserver/server mtserver/prethread_server epoll/lt_server udp/server multicast/server poll/client udp/client tcp/hello_client 120s
sweep_kinds() {
	sweep_program
}

# Left out are uring/server, whose operations are no calls; threadpool/demo, which sleeps for seconds, and the two ends of a FIFO, which cannot
# run alone.
#: one concurrent crew event experiment datagram group stream script full 600s -uring/server -unix/pass_server -threadpool/demo -libevent/fifo_reader -libevent/fifo_writer
sweep() {
	# shellcheck disable=SC2086 # or none
	sweep_program ${SWEEP:-}
}
