# epoll/reactor.h, and the time-outs of the server that uses it.

#: suite
unit_reactor() {
	"$BIN/tests/unit_reactor" >said || fail "$(cat said)"
	[ "$(grep -c '^ok ' said)" -ge 30 ] || fail "too few checks: $(cat said)"
}

# A client that is silent for that long is closed, one that talks meanwhile is not.
#: epoll/reactor_server
idle_clients_closed() {
	start -t 5
	mkfifo in silence
	copy <in >back &
	talking=$!
	exec 3>in
	began=$(peer clock)
	copy <silence >silent 2>silent.err &
	exec 4>silence
	i=0
	wait_until "the silent client stays" talked_until_closed
	await silent.err 'the server closed before the input ended'
	exec 3>&-
	wait "$talking" || fail "the talking client was closed too"
	exec 4>&-
	elapsed=$(($(peer clock) - began))
	[ "$elapsed" -ge 5000 ] || fail "closed after $elapsed ms"
	stop
}

talked_until_closed() {
	i=$((i + 1))
	echo "line $i" >&3
	await back "^LINE $i\$"
	grep -q 'client .* closed' out
}

# Without -t no client is closed for its silence, and the loop sleeps without an end.
#: epoll/reactor_server
idle_clients_stay() {
	start
	hold 3
	expect "wake-ups in a second" 0 "$(peer wakeups "$PID")"
	expect "closed" 0 "$(log_lines closed)"
	let_go
	stop
}

# A client that is slow to take its echo is not idle.
#: epoll/reactor_server
timeout_of_one_that_is_owed() {
	start -t 1
	event_peer slow "$ADDR" 4000000
	expect 'clients that were served' 1 "$(log_lines '^client .* closed, 4000000 bytes')"
	stop
}

# The time-out of a client that has left must not close whoever has its descriptor now.
#: epoll/reactor_server
timeout_of_one_that_left() {
	start -t 1
	mkfifo in
	silent_one abc
	silent_one # by the end of its time-out that of the client that left has passed too
	serves
	stop
	expect 'clients and bytes' '4 8' "$(served)"
	expect 'clients that left' 4 "$(log_lines '^client .* closed, ')"
}

# silent_one [TEXT]: a client that is closed for its silence, with one that sends TEXT beside it.
silent_one() {
	# shellcheck disable=SC2086 # several words
	"$BIN/mtserver/client" $WHERE <in >echo 2>silent &
	silent=$!
	exec 3>in
	[ $# -eq 0 ] || expect 'the echo beside it' ABC "$(echo "$1" | copy)"
	wait $silent && fail 'the silent client was not closed'
	exec 3>&-
}
