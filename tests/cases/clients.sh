# Stream clients copy stdin to the server and the echo to stdout, and end with 0 only when every byte
# came back. A refused connection and a full disk are tested with other clients too.
# shellcheck disable=SC2153 # CLIENT is start_client's

#: stream
client_inputs() {
	start_any
	for text in 'a line\n' 'no newline' '' 'Grüße, 世界\n' '\000\377\n'; do
		# shellcheck disable=SC2059
		printf "$text" >sent
		client <sent >echo
		LC_ALL=C tr a-z A-Z <sent | cmp - echo
	done
	# So far stdin was a file; now it is a pipe.
	expect "from a pipe" ABC "$(echo abc | client)"
	expect "from /dev/null" '' "$(client </dev/null)"
	expect "from a closed stdin" '' "$(client <&-)"
	stop
}

#: stream
client_large() {
	start_any -q
	seq 1400000 | client >echo
	seq 1400000 | cmp - echo
	head -c 10000000 /dev/zero | tr '\0' x >sent
	client <sent | tr X x | cmp - sent
	stop
}

#: stream full 600s
client_100_megabytes() {
	start_any -q
	seq 13000000 | client | cmp - "$(seq 13000000 >numbers && echo numbers)"
	stop
}

#: stream script -unix/stream_client -threadpool/demo -libevent/fifo_reader -libevent/fifo_writer
refused() {
	start_bad refuse
	# shellcheck disable=SC2086 # several words
	expect_exit 1 "$P" $WHERE
	expect_error "connect $ADDR" ECONNREFUSED
}

# With -t an address that does not answer costs that time, and no more. Of a name's addresses each one gets
# the time, the last one is reported, and the client goes on with the first that answers.
#: stream -tcp/client -unix/stream_client
connect_times_out() {
	start_bad full
	began=$(peer clock)
	# shellcheck disable=SC2086 # several words
	expect_exit 1 "$P" -t 0.3 $WHERE
	ms=$(($(peer clock) - began))
	expect_error "connect $ADDR" ETIMEDOUT
	[ $ms -ge 300 ] || fail "gave up after $ms ms"
}

#: stream -tcp/client -unix/stream_client -poll/race_client
connect_times_out_for_each() {
	several_names 127.0.0.1 127.0.0.2
	"$PEER" full 0.0.0.0:0 >out 2>err &
	located
	began=$(peer clock)
	expect_exit 1 "$P" -t 0.3 several.test "${ADDR##*:}"
	ms=$(($(peer clock) - began))
	expect_error "connect 127.0.0.2:${ADDR##*:}" ETIMEDOUT
	[ $ms -ge 600 ] || fail "gave two addresses up after $ms ms"
}

#: stream -tcp/client -unix/stream_client
connect_goes_on_with_next() {
	several_names 127.0.0.1 127.0.0.2
	start_bad full
	AT_PORT=${ADDR##*:}
	start_any -q -a 127.0.0.2
	expect "the echo" ABC "$(echo abc | "$P" -t 0.3 several.test "$AT_PORT")"
	stop
}

# Without -t a dead address would take minutes. In a race the next one is tried beside it, and when that has
# won no other socket stays open.
#: poll/race_client
race_passes_dead_address() {
	several_names 127.0.0.1 127.0.0.2
	start_bad full
	AT_PORT=${ADDR##*:}
	start_any -q -a 127.0.0.2
	WHERE="several.test $AT_PORT"
	start_client
	expect "sockets" 1 "$(find "/proc/$CLIENT/fd" -lname 'socket:*' | wc -l)"
	exec 3>&-
	ends 0 "$CLIENT"
	stop
}

# After a refusal the next address is tried at once: 31 waits of 250 ms would be too many here. One line
# reports the last address.
#: poll/race_client
race_goes_on_after_refusal() {
	# shellcheck disable=SC2046 # several words
	several_names $(seq -f '127.0.0.%.0f' 32)
	port=$(peer freeport)
	expect_exit 1 within 5 "$P" several.test "$port"
	expect_error "connect 127\\.0\\.0\\.[0-9]+:$port" ECONNREFUSED
}

# IPv4 and IPv6 take turns, whichever order the name's addresses have.
#: poll/race_client
race_takes_turns() {
	[ -z "${SAN:-}" ] || skip 'a sanitizer does not work under strace'
	command -v strace >/dev/null || skip 'no strace'
	a_network
	$NETWORK ip -6 addr add fd00::1/128 dev lo 2>stderr || skip "no IPv6 on lo: $(cat stderr)"
	$NETWORK ip -6 addr add fd00::2/128 dev lo
	run_by "$NETWORK $BIN/tests/rules_peer hosts $PWD/names strace -e trace=connect -o $PWD/calls"
	printf '%s several.test\n' 127.0.0.1 127.0.0.2 fd00::1 fd00::2 >names
	"$P" several.test 1 2>stderr || :
	expect_error 'connect .*:1' ECONNREFUSED
	# getaddrinfo(3) connects datagram sockets to sort the addresses; that succeeds.
	saw=$(sed -n 's/.*sa_family=\(AF_INET6*\),.* = -1 .*/\1/p' calls | paste -sd ' ' -)
	expect_like "the families" '(AF_INET AF_INET6 AF_INET AF_INET6|AF_INET6 AF_INET AF_INET6 AF_INET)' "$saw"
}

# several_names ADDR...: from here on the client under test knows the name several.test, of these addresses.
several_names() {
	printf '%s several.test\n' "$@" >names
	run_by "$BIN/tests/rules_peer hosts $PWD/names"
	"$P" -h >usage 2>stderr || skip "no /etc/hosts of its own: $(cat stderr)"
}

# A connection that was made within a time is as any other: its calls block.
#: mpserver/client mtserver/client
connected_in_time_blocks() {
	start_bad mute
	mkfifo in
	# shellcheck disable=SC2086 # several words
	"$BIN/tests/rules_peer" traceable "$P" -t 20 $WHERE <in >echo 2>stderr &
	PID=$!
	exec 3>in
	rules sockets "$PID" >seen 2>said || skip "no sockets of others: $(cat said)"
	wait_until 'its socket' has_socket 'connected .* O_NONBLOCK=0'
	exec 3>&-
}

has_socket() {
	saw=$(rules sockets "$PID")
	echo "$saw" | grep -qx "$1"
}

# A client that the kernel gives the port that it dials, and where nobody listens, is connected to itself.
#: stream script udp/client udp/reliable_client udp/broadcast_client multicast/client -unix/stream_client -threadpool/demo -libevent/fifo_reader -libevent/fifo_writer
connected_to_itself() {
	a_network
	ports 40000 40000
	run_by "$NETWORK"
	expect_exit 1 "$P" 127.0.0.1 40000
	expect_reason '127.0.0.1:40000 is this client itself: nobody listens there'
}

# If stdin cannot be read, the client prints one line and exits with 1.
#: stream
unreadable_stdin() {
	start_any
	expect_exit 1 client </
	expect_error 'read stdin' EISDIR
	stop
}

# If the server answers half a line and closes, the client prints one line and exits with 1.
#: stream
closed_early() {
	start_bad hangup
	echo 'this is one line' >line
	expect_exit 1 client <line
	expect_like "one line" "$PROGRAM: .*" "$(cat stderr)"
}

# The client notices at once that the server is gone, although nothing is typed.
#: stream -tcp/client
server_goes() {
	start_any
	case $PROGRAM in
	unix/*) start_client -c own.socket ;;
	*) start_client ;;
	esac
	kill -KILL "$PID"
	ends 1 "$CLIENT"
	expect_like "one line" "$PROGRAM: .*" "$(cat stderr)"
	no_file own.socket
	exec 3>&-
}

# When the process that sends is gone, the one that receives does not wait for ever.
#: mpserver/client
sender_killed() {
	start_any
	start_client
	kill -KILL "$(peer children "$CLIENT")"
	ends 1 "$CLIENT"
	expect_reason 'the server closed before the input ended: 4 bytes sent, 4 came back'
	exec 3>&-
	stop
}

# A client whose input has ended rests while the server keeps the connection open.
#: stream
input_ended() {
	start_bad linger
	start_client
	exec 3>&-
	await out '^the input ended$'
	kill -0 "$CLIENT" || fail "the client ended before the server: $(cat stderr)"
	stands_still "$CLIENT"
	kill "$PID"
	ends 0 "$CLIENT"
	expect "stderr" '' "$(cat stderr)"
}

# If stdout cannot be written, the client prints one line and exits with 1; no signal ends it.
#: stream datagram threadpool/client tcp/hello_client -udp/server -unix/dgram_server
full_disk() {
	start_any
	echo abc >line
	status=0
	client <line >/dev/full 2>stderr || status=$?
	expect "the exit status" 1 "$status"
	expect_error 'write stdout' ENOSPC
	stop
}

#: stream
broken_stdout() {
	start_any
	status=0
	client </dev/null >&- 2>stderr || status=$?
	expect "exit status without anything to print" 0 "$status"
	status=0
	echo abc | client >&- 2>stderr || status=$?
	expect "exit status on a closed stdout" 1 "$status"
	(yes | client 2>stderr || echo $? >status) | head -n 1 >first
	expect "the first line" Y "$(cat first)"
	expect "exit status on a broken pipe" 1 "$(cat status)"
	expect_error 'write stdout' EPIPE
	stop
}

# The shell shares the flags of stdin and stdout, so that the client must not change them.
#: stream
flags_stay() {
	start_any
	mkfifo in echo
	exec 4<>in 5<>echo
	client <&4 >&5 2>stderr &
	echo abc >&4
	expect "the echo" ABC "$(head -n 1 <&5)"
	for fd in 4 5; do
		expect_like "flags of descriptor $fd" 'flags:[[:space:]]*[0-7]*[0-3][0-7]{3}' \
			"$(grep flags "/proc/$$/fdinfo/$fd")"
	done
	stop
}

# Another program that has the same stdin may have made it non-blocking. The client waits for it all the
# same, at rest.
#: stream udp/client udp/reliable_client unix/dgram_client
nonblocking_stdin() {
	start_any
	mkfifo in
	# shellcheck disable=SC2086 # several words
	"$BIN/tests/rules_peer" nonblock "$P" $WHERE <in >echo 2>stderr &
	CLIENT=$!
	exec 3>in
	for text in ABC DEF; do
		echo $text >&3
		await echo $text
		stands_still "$CLIENT"
	done
	exec 3>&-
	ends 0 "$CLIENT"
	stop
}

# While stdout takes nothing, the client rests and holds little, and afterwards it goes on. A client
# that waits for several descriptors at once sends all of its input meanwhile.
#: select/client poll/client epoll/client libevent/client
slow_stdout() {
	start_any -q
	mkfifo echo
	seq 150000 >numbers
	exec 3<>echo
	client <numbers >echo 2>stderr 3<&- &
	client=$!
	[ "${PROGRAM%%/*}" = libevent ] ||
		wait_until "bytes sent of $(wc -c <numbers)" has_sent $client "$(wc -c <numbers)"
	dd bs=1 count=1 <&3 of=first 2>dd
	stands_still "$client"
	memory=$(kib "$client")
	[ "$memory" -lt 8192 ] || [ -n "${SAN:-}" ] || fail "the client holds $memory KiB"
	cat first echo >all 3<&- &
	copying=$!
	exec 3<&-
	ends 0 "$client"
	wait "$copying"
	cmp numbers all
	stop
}

# has_sent PID BYTES: it has read so many bytes of its stdin, which is a file.
has_sent() {
	saw=$(sed -n 's/^pos:[^0-9]*//p' "/proc/$1/fdinfo/0")
	[ "$saw" -ge "$2" ]
}

# The same holds for a stdout that has room for a part of the echo.
#: select/client poll/client epoll/client
full_stdout() {
	start_any -v
	mkfifo in back
	exec 3<>back
	head -c 61440 /dev/zero >&3 # of 65536: pipe(7)
	client <in >&3 2>stderr &
	client=$!
	exec 4>in
	kill -STOP $client # so that it reads all of this at once
	head -c 8000 /dev/zero >&4
	kill -CONT $client
	rules queued 65536 <&3
	echo more >&4
	await out 'more\\x0a$'
	expect 'bytes' 69445 "$(head -c 69445 <&3 | wc -c)"
	exec 4>&-
	wait $client
	exec 3>&-
	stop
}

# A client that is stopped and continued while stdout has no more room loses nothing. The signals
# interrupt a write that has written a part, because the line before it is in the first page of the
# pipe.
#: stream
stopped_while_writing() {
	start_any -q
	mkfifo echo
	seq 30000 >numbers
	exec 3<>echo
	echo first >&3
	# shellcheck disable=SC2086 # several words
	"$P" $WHERE <numbers >echo 2>stderr 3<&- &
	client=$!
	rules queued 61446 <&3 # the line, and 15 more pages
	kill -STOP $client
	wait_until 'it is not stopped' is_stopped $client
	kill -CONT $client
	exec 4<echo 3<&-
	cat <&4 >all
	ends 0 $client
	(echo first && cat numbers) | cmp - all
	stop
}

is_stopped() {
	saw=$(awk '{ print $3 }' "/proc/$1/stat")
	[ "$saw" = T ]
}
