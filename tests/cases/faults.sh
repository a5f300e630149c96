# Calls that fail or take half, and signals that come at the worst moment: tests/rules_peer has the
# kernel ask before such a call is made.

# Reads and writes that a signal interrupts, and writes that take less than was given, lose nothing.
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

# A client that has left before accept costs nothing and is not worth a word.
#: servers
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

# SIGTERM between the check of stopping and the wait is not lost.
#: servers experiment udp/server udp/broadcast_server multicast/server unix/dgram_server
stop_just_before_wait() {
	[ "${SAN:-}" != thread ] || return 0 # it keeps the handler back until the call has ended
	needs_notifications
	start_with late --
	ended
}

# SIGTERM that comes together with a client: this client, which is silent, holds up no end.
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

# SIGTERM that comes to a child right after fork ends that child; the server goes on.
#: mpserver/server mpserver/prefork_server
signal_just_after_fork() {
	needs_notifications
	start_with early --
	[ "$PROGRAM" != mpserver/server ] || expect_exit 1 copy <<-end
		abc
	end
	serves
	stop
}

# A parent that is killed before its child could ask for its end: the child ends all the same.
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
