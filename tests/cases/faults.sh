# System calls that fail or do half of their work, and signals that come at the worst moment.
# tests/rules_peer provokes them: it has the kernel ask it before such a call is made. What io_uring does
# is no call, so that there is nothing to be asked about.

# Nothing is lost when a signal interrupts reads and writes, and writes take less than was given.
#: servers
halves() {
	needs_notifications
	start_with halves -- -q
	expect 'the echo of one message' HELLO "$(peer talk "$ADDR" hello)"
	seq 20000 >sent
	copy <sent >echo || fail 'the client failed'
	cmp sent echo || fail 'not the same'
	if [ "$KIND" = event ]; then # which has nothing to wait for with what it has sent
		hold 1
		stands_still "$PID"
		let_go
	fi
	stop
}

#: stream
halves_of_client() {
	needs_notifications
	start_any -q
	seq 20000 >sent
	# shellcheck disable=SC2086 # several words
	rules halves "$P" $WHERE <sent >echo || fail 'the client failed'
	cmp sent echo || fail 'not the same'
	stop
}

# A client that has left before accept returns it is not reported, and the next ones are served.
#: servers -uring/server
accept_fails() {
	needs_notifications
	: >short
	start_with fault accept ECONNABORTED short --
	"$PEER" turns "$ADDR" 3 &
	clients=$!
	await short accept
	rm short
	wait "$clients"
	stop
	expect 'connections' 3 "$(served | cut -d' ' -f1)"
}

# Another process may take the client that woke a loop. The loop does not wait for the next one.
#: event experiment -epoll/reuseport_server -uring/server
client_taken() {
	needs_notifications
	start_with rival taken --
	mkfifo in
	copy <in >echo &
	exec 3>in
	echo abc >&3
	await echo ABC
	: >taken
	expect_exit 1 copy <<-end
		abc
	end
	rm taken
	echo def >&3
	within 8 "$PEER" await echo DEF || fail 'the client that was there is not served any more'
	exec 3>&-
	wait $!
	serves
	stop
}

# SIGTERM between the check of stopping and the wait is not lost.
#: servers experiment udp/server udp/broadcast_server multicast/server unix/dgram_server
stop_just_before_wait() {
	[ "${SAN:-}" != thread ] || return 0 # it keeps the handler back until the call has ended
	needs_notifications
	NO_WORKERS=1 # of unix/pass_server: they would find nobody
	start_with late --
	ended
}

# SIGTERM comes together with a client. The server ends although this client is silent.
#: one
stop_just_after_accept() {
	needs_notifications
	rules taken true 2>stderr || skip "$(cat stderr)"
	start_with taken --
	mkfifo in
	copy <in >echo 2>&1 &
	exec 3>in
	ended
	exec 3>&-
}

# SIGTERM that comes just after bind leaves no file behind.
#: unix/stream_server unix/dgram_server
signal_just_after_bind() {
	needs_notifications
	expect_exit 143 rules bound "$P" ./srv.socket
	no_file srv.socket
}

# SIGTERM that comes to a child right after fork ends that child, and the server goes on.
#: mpserver/server mpserver/prefork_server epoll/reuseport_server
signal_just_after_fork() {
	needs_notifications
	start_with early --
	[ "$PROGRAM" != mpserver/server ] || expect_exit 1 copy <<-end
		abc
	end
	serves
	stop
}

# A child ends even if its parent is killed before the child could ask to end with it.
#: mpserver/server mpserver/prefork_server
parent_killed_just_after_fork() {
	needs_notifications
	start_with orphan --
	mkfifo in
	copy <in >echo 2>&1 &
	exec 3>in
	await out '^child '
	peer gone "$(sed -n 's/^child //p' out)"
	exec 3>&-
}
