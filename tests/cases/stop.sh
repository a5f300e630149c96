# DESIGN: SIGINT or SIGTERM, and it is gone with all its processes, exit 0; restart at once.

#: one concurrent crew event udp/server udp/broadcast_server multicast/server unix/dgram_server epoll/trigger_server
interrupt() {
	start
	stop INT
}

#: one concurrent crew event udp/server udp/broadcast_server multicast/server unix/dgram_server epoll/trigger_server
terminate() {
	start
	stop TERM
}

# With clients that talk, that are silent, and that never read.
#: one concurrent crew event
stop_with_clients() {
	start
	mkfifo in
	peer stuck "$ADDR" >stuck 2>&1 &
	peer hold "$ADDR" 1 <in >held 2>&1 &
	exec 3>in
	await out '^client .* connected'
	if [ "$KIND" != one ]; then
		await held held
	fi
	stop
	exec 3>&-
}

# To the whole group, as Ctrl-C in a terminal sends it.
#: one concurrent crew event
interrupt_group() {
	start_server "$BIN/tests/peer" group "$P"
	expect "the echo" ABC "$(echo abc | copy)"
	children=$(peer children "$PID")
	kill -INT "-$PID"
	ended
	# shellcheck disable=SC2086
	peer gone $children
}

# A crew that can't be filled, for want of memory for so many stacks, stops like any other.
#: mtserver/prethread_server
stop_crew_unfilled() {
	[ -z "${SAN:-}" ] || skip "a sanitizer needs more address space than that"
	allow_stderr
	# shellcheck disable=SC3045 # dash, bash and busybox have it
	(ulimit -v 300000 && exec "$P" -w 1000 0 >out 2>err) &
	PID=$!
	await err 'pthread_create: Resource temporarily unavailable'
	stop
}

# A log that nobody reads loses lines, and holds neither the clients nor the end up.
#: one concurrent crew event -unix/stream_server
log_unread() {
	mkfifo pipe
	exec 3<>pipe
	# shellcheck disable=SC2086
	"$P" $OPTIONS -v 0 >&3 2>err &
	PID=$!
	read -r first <&3
	ADDR=${first#listening on } WHERE="127.0.0.1 ${first##*:}"
	expect "what came back" 300000 "$(head -c 300000 /dev/zero | copy | wc -c)"
	expect "the echo" ABC "$(echo abc | copy)"
	kill "$PID"
	peer gone "$PID"
	wait "$PID"
}

# Nor does one on a terminal that nobody reads, where a write may block though poll(2) says that there
# is room.
#: one concurrent crew event udp/server udp/broadcast_server multicast/server unix/dgram_server
log_unread_terminal() {
	where=0
	[ "${PROGRAM%%/*}" != unix ] || where=./srv.socket
	# shellcheck disable=SC2086
	"$BIN/tests/peer" terminal "$P" $OPTIONS -v "$where" >out 2>err &
	PID=$!
	await out '^listening on '
	located
	seq 1000 >lines
	# shellcheck disable=SC2086
	case $PROGRAM in
	udp/server) "$BIN/udp/client" -t 60 $WHERE <lines ;;
	unix/dgram_server) "$BIN/unix/dgram_client" -t 60 "$ADDR" <lines ;;
	udp/*_server | multicast/server) "$BIN/udp/client" -t 0.001 $WHERE <lines 2>unanswered || cat lines ;;
	*) peer ping "$ADDR" 1000 && cat lines ;;
	esac >echo
	[ "$(wc -l <echo)" -eq 1000 ] || fail "lines that came back: $(wc -l <echo)"
	kill "$PID"
	peer gone "$PID"
	wait "$PID"
}

# When that terminal is read again, what was cut is a line of its own, and the closing line is whole.
#: tcp/server poll/server mtserver/server
log_read_again() {
	"$BIN/tests/peer" terminal "$P" -v 0 >out 2>err &
	PID=$!
	await out '^listening on '
	located
	peer ping "$ADDR" 500
	reader=$(peer children "$PID")
	kill -USR1 "$reader"
	wait_until 'it is not read' read_up
	grep -Eqx '\([0-9]+ lines lost\)' out || fail 'not told how many lines are lost'
	kill "$PID"
	peer gone "$PID"
	wait "$PID"
	peer await out 'processes$'
	expect_like "the closing line" "$CLOSING" "$(tail -n 1 out)"
	expect "lines that begin in another one" 0 "$(grep -c '.client 127' out || :)"
}

# The reader has come to what is written now.
read_up() {
	echo last | copy >echo && grep -q ': last\\x0a$' out
}

# Who reads the log gets each line whole and alone, or is told that it is lost, though he reads
# slowly and several processes write.
#: tcp/server poll/server mtserver/server mpserver/server
log_read() {
	"$BIN/tests/peer" terminal "$P" -v 0 >out 2>err &
	PID=$!
	await out '^listening on '
	located
	kill -USR1 "$(peer children "$PID")"
	pings=''
	for _ in 1 2 3 4; do
		"$BIN/tests/peer" ping "$ADDR" 600 &
		pings="$pings $!"
	done
	for ping in $pings; do
		wait "$ping"
	done
	wait_until 'it is not read' read_up
	kill "$PID"
	peer await out 'processes$'
	shown=$(grep -Exc 'client [0-9.:]+: this is line [0-9]+ of a client\\x0a' out)
	lost=$(sed -n 's/^(\([0-9]*\) lines lost)$/\1/p' out | awk '{ n += $1 } END { print n + 0 }')
	[ $((shown + lost)) -ge 2400 ] || fail "of 2400 lines $shown were shown, $lost told to be lost"
	expect "lines in another one" 0 "$(grep -c '.client 127' out || :)"
}

# A log that has grown to the largest size that a file may have ends nothing either.
#: one concurrent crew event -unix/stream_server
log_largest_file() {
	# shellcheck disable=SC3045,SC2086 # dash, bash and busybox have it
	(ulimit -f 1 && exec "$P" $OPTIONS -v 0 >out 2>/dev/null) &
	PID=$!
	await out '^listening on '
	located
	expect "what came back" 100000 "$(head -c 100000 /dev/zero | copy | wc -c)"
	expect "the echo" ABC "$(echo abc | copy)"
	kill "$PID"
	peer gone "$PID"
	wait "$PID"
	[ "$(wc -c <out)" -le 1024 ] || fail "the limit had no effect"
}

# The children of a server that is killed end with it.
#: mpserver/server mpserver/prefork_server
parent_killed() {
	start
	mkfifo in
	"$BIN/tests/peer" hold "$ADDR" 2 <in >held 2>&1 &
	exec 3>in
	await held held
	children=$(peer children "$PID")
	[ -n "$children" ] || fail "no children"
	kill -KILL "$PID"
	# shellcheck disable=SC2086
	peer gone $children
}

# One worker's SIGTERM ends that worker only.
#: mpserver/prefork_server
worker_terminated() {
	start -w 2
	crew_of 2
	victim=$(peer children "$PID" | head -n 1)
	kill -TERM "$victim"
	peer gone "$victim"
	expect "the echo" ABC "$(echo abc | copy)"
	stop
}

# Killed with a client open and started again at once on the same port.
#: one concurrent crew event -unix/stream_server
restart() {
	AT_PORT=$(peer freeport)
	start
	mkfifo in
	"$BIN/tests/peer" hold "$ADDR" 1 <in >held 2>&1 &
	exec 3>in
	await held 'held 1'
	stop
	start
	expect "the echo" ABC "$(echo abc | copy)"
	exec 3>&-
	stop
}

# A log that nobody reads any more ends nothing.
#: one concurrent crew event -unix/stream_server
broken_log() {
	mkfifo pipe
	# shellcheck disable=SC2086
	"$P" $OPTIONS 0 >pipe 2>err &
	PID=$!
	read -r first <pipe
	ADDR=${first#listening on } WHERE="127.0.0.1 ${first##*:}"
	expect "the echo" ABC "$(echo abc | copy)"
	expect "the echo" ABC "$(echo abc | copy)"
	kill "$PID"
	peer gone "$PID"
	wait "$PID"
}
