# DESIGN: stream clients copy stdin to the server and the echo to stdout.

#: stream
client_inputs() {
	start_any
	for text in 'a line\n' 'no newline' '' 'Grüße, 世界\n' '\000\377\n'; do
		# shellcheck disable=SC2059
		printf "$text" >sent
		client <sent >echo
		LC_ALL=C tr a-z A-Z <sent | cmp - echo
		# shellcheck disable=SC2002 # a pipe, this time
		cat sent | client >echo
		LC_ALL=C tr a-z A-Z <sent | cmp - echo
	done
	stop
}

#: stream
no_input() {
	start_any
	expect "from /dev/null" '' "$(client </dev/null)"
	expect "from a closed stdin" '' "$(client <&-)"
	stop
}

#: stream
client_large() {
	start_any -q
	seq 2700000 | client >echo
	seq 2700000 | cmp - echo
	head -c 20000000 /dev/zero | tr '\0' x >sent
	client <sent | tr X x | cmp - sent
	stop
}

#: stream full
client_100_megabytes() {
	start_any -q
	seq 13000000 | client | cmp - "$(seq 13000000 >numbers && echo numbers)"
	stop
}

#: stream -unix/stream_client
refused() {
	peer refuse >refusing &
	await refusing '^refusing on '
	port=$(sed 's/.*://' refusing)
	expect_exit 1 "$P" 127.0.0.1 "$port"
	expect "the reason" "$PROGRAM: connect 127.0.0.1:$port: Connection refused (ECONNREFUSED)" \
		"$(cat stderr)"
}

#: script -threadpool/demo -libevent/fifo_reader -libevent/fifo_writer
script_refused() {
	peer refuse >refusing &
	await refusing '^refusing on '
	port=$(sed 's/.*://' refusing)
	expect_exit 1 "$P" 127.0.0.1 "$port"
	expect "the reason" "$PROGRAM: connect 127.0.0.1:$port: Connection refused (ECONNREFUSED)" \
		"$(cat stderr)"
}

# stdin that cannot be read: one line, exit 1.
#: stream
unreadable_stdin() {
	start_any
	# shellcheck disable=SC2086
	expect_exit 1 timeout 20 "$P" $WHERE </
	expect "the reason" "$PROGRAM: read stdin: Is a directory (EISDIR)" "$(cat stderr)"
	stop
}

# The server answers half a line and leaves: one line on stderr, exit 1.
#: stream -unix/stream_client
closed_early() {
	peer hangup >out &
	await out '^listening on '
	located
	echo 'this is one line' >line
	# shellcheck disable=SC2086
	expect_exit 1 "$P" $WHERE <line
	expect_like "one line" "$PROGRAM: .*" "$(cat stderr)"
}

# A server that goes is noticed at once, though stdin is silent.
#: stream -tcp/client -unix/stream_client
server_goes() {
	start_any
	mkfifo in
	# shellcheck disable=SC2086
	"$P" $WHERE <in >echo 2>stderr &
	client=$!
	exec 3>in
	echo abc >&3
	await echo ABC
	kill -KILL "$PID"
	peer gone "$client"
	status=0
	wait "$client" || status=$?
	expect "the client's exit status" 1 "$status"
	expect_like "one line" "$PROGRAM: .*" "$(cat stderr)"
}

# stdout that cannot be written: one line, exit 1, never a signal.
#: stream
broken_stdout() {
	start_any
	status=0
	echo abc >line
	client <line >/dev/full 2>stderr || status=$?
	expect "exit status on a full disk" 1 "$status"
	expect "the reason" "$PROGRAM: write stdout: No space left on device (ENOSPC)" "$(cat stderr)"
	status=0
	client <line >&- 2>stderr || status=$?
	expect "exit status on a closed stdout" 1 "$status"
	(yes | client 2>stderr || echo $? >status) | head -n 1 >first
	expect "the first line" Y "$(cat first)"
	expect "exit status on a broken pipe" 1 "$(cat status)"
	expect "the reason" "$PROGRAM: write stdout: Broken pipe (EPIPE)" "$(cat stderr)"
	stop
}

# Nobody's descriptor flags are changed but the socket's own.
#: stream
flags_stay() {
	start_any
	mkfifo in echo
	cat echo >copied &
	exec 3>echo
	client <in >&3 2>stderr &
	client=$!
	exec 4>in
	echo abc >&4
	await copied ABC
	expect_like "flags of the pipe" 'flags:[[:space:]]*0*1' "$(grep flags /proc/$$/fdinfo/3 | sed 's/0100001/01/')"
	exec 4>&- 3>&-
	wait "$client"
	stop
}

# Each client with each server, a short text.
#: one concurrent crew event
pairs() {
	start
	while read -r name kind options; do
		case $name:$kind in
		unix/*:stream | libevent/*:stream) continue ;;
		*:stream) ;;
		*) continue ;;
		esac
		[ "${PROGRAM%%/*}" != unix ] || continue
		# shellcheck disable=SC2086
		expect "$name with $PROGRAM" 'HELLO, WORLD' "$(echo 'Hello, world' | "$BIN/$name" $options $WHERE)"
	done <"$TESTS/programs"
	[ "${PROGRAM%%/*}" != unix ] || expect "unix/stream_client" ABC "$(echo abc | copy)"
	stop
}
