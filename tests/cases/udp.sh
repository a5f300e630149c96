# shellcheck shell=sh
# udp/server and udp/client on the loopback. Groups, and two hosts: multicast.sh.
# With -t 60 an answer that must come has the time to, on a busy machine too.

udp_peer() {
	within 60 "$BIN/tests/udp_peer" "$@"
}

# A server of udp_peer's, for the client under test: mute, late or stranger.
start_peer() {
	"$BIN/tests/udp_peer" "$1" >out 2>err &
	await out '^listening on '
	located
}

raw_sockets() {
	udp_peer forge 127.0.0.1:1 127.0.0.1:1 x 2>/dev/null || skip "no raw sockets here"
}

# Datagrams of 0 to 65,507 bytes come back whole, the empty ones too; the log says who sent them.
#: udp/server
udp_sizes() {
	start
	udp_peer sizes "$ADDR"
	stop
	expect "empty datagrams" 2 "$(log_lines '^client 127\.0\.0\.1:[0-9]+ sent 0 bytes$')"
	expect "the largest" 1 "$(log_lines '^client 127\.0\.0\.1:[0-9]+ sent 65507 bytes$')"
	expect "connections and bytes" "0 $((0 + 1 + 2 + 100 + 0 + 1472 + 8192 + 8193 + 9000 + 65506 + 65507))" \
		"$(served)"
}

#: udp/server
udp_crowd() {
	start -q
	udp_peer crowd "$ADDR" 50
	stop
	expect "lines with -q" 2 "$(wc -l <out)"
}

#: udp/server
udp_verbose() {
	start -v
	udp_peer send "$ADDR" "$(printf 'a~ \001\377')"
	await out '^client .*: a~ \\x01\\xff$'
	stop INT
}

# A second server cannot take the port over, and a restart needs no SO_REUSEADDR.
#: udp/server udp/broadcast_server multicast/server
udp_port_taken() {
	AT_PORT=$(peer freeport)
	for _ in first again; do
		start
		expect_exit 1 "$P" "$AT_PORT"
		expect "the reason" "$PROGRAM: bind $ADDR: Address already in use (EADDRINUSE)" \
			"$(cat stderr)"
		udp_peer send "$ADDR" abc
		await out 'sent 3 bytes$'
		stop
	done
}

# An answer that cannot be sent costs that datagram and one line; the next one is served.
#: udp/server root
udp_send_error() {
	raw_sockets
	start
	allow_stderr
	udp_peer forge 127.255.255.255:4000 "$ADDR" abc
	await err '^udp/server: sendto 127\.255\.255\.255:4000: Permission denied \(EACCES\)$'
	udp_peer sizes "$ADDR"
	stop
	expect "complaints" 1 "$(wc -l <err)"
}

#: udp/server
udp_granted() {
	start -B 10000
	await out '^granted: SO_RCVBUF 20000, SO_SNDBUF 20000 bytes$'
	stop
}

# A datagram from port 0 is not answered, nor one that says it is from the server itself: its answer
# would be the next question. (Bound to all addresses, all of the machine's are the server itself.)
#: udp/server udp/broadcast_server multicast/server root
udp_forged() {
	raw_sockets
	for own in 127.0.0.1 0.0.0.0; do
		start -a "$own"
		port=${ADDR##*:}
		udp_peer forge "127.0.0.1:0" "127.0.0.1:$port" "from port 0"
		await out '^client 127\.0\.0\.1:0 is not answered$'
		udp_peer forge "127.0.0.1:$port" "127.0.0.1:$port" "from itself"
		await out "^client 127\\.0\\.0\\.1:$port is not answered\$"
		udp_peer send "127.0.0.1:$port" "the last"
		await out 'sent 8 bytes$'
		stop
		expect "datagrams with $own" 3 "$(log_lines ' sent [0-9]+ bytes$')"
	done
}

# What goes in comes back, to the byte: one datagram a line, the last with or without its newline.
#: udp/client
udp_lines() {
	start_server "$BIN/udp/server"
	for text in 'abc\n' 'abc\n\ndef' '' '\n' '\000\377z\n'; do
		# shellcheck disable=SC2059
		printf "$text" >typed
		client -t 60 <typed >answers
		# shellcheck disable=SC2018,SC2019 # ASCII is meant
		tr a-z A-Z <typed | cmp - answers
	done
	client -t 60 <&- >answers
	seq 1000 >typed
	client -t 60 <typed >answers
	cmp typed answers
	stop
	expect "datagrams" 1006 "$(log_lines ' sent [0-9]+ bytes$')"
}

#: udp/client
udp_longest_line() {
	start_server "$BIN/udp/server"
	tr '\0' a </dev/zero | head -c 65507 >typed
	client -t 60 <typed >answers
	tr A a <answers | cmp - typed
	echo >>typed
	expect_exit 1 client -t 60 <typed
	expect "the reason" "udp/client: a line: Message too long (EMSGSIZE)" "$(cat stderr)"
	[ ! -s stdout ] || fail "something was printed"
	stop
	expect "datagrams" 1 "$(log_lines ' sent [0-9]+ bytes$')"
}

#: udp/client
udp_buffers() {
	start_server "$BIN/udp/server"
	echo abc | expect_exit 0 client -t 60 -B 10000
	expect "what is granted" "granted: SO_RCVBUF 20000, SO_SNDBUF 20000 bytes" "$(cat stderr)"
	expect "the echo" ABC "$(cat stdout)"
	stop
}

# Said at once, not after the time-out, and then for the next line.
#: udp/client
udp_refused() {
	port=$(peer freeport)
	printf 'abc\ndef\n' >typed
	within 5 sh -c '"$@" || echo $? >status' sh "$P" -t 60 127.0.0.1 "$port" <typed >stdout 2>stderr
	expect "the exit status" 1 "$(cat status)"
	line="udp/client: 127.0.0.1:$port: Connection refused (ECONNREFUSED)"
	expect "one line for each" "$line$line" "$(tr -d '\n' <stderr)"
}

# A silent server: each line waits for its time, is given up, and the next is sent.
#: udp/client
udp_no_reply() {
	start_peer mute
	printf 'abc\ndef\n' >typed
	before=$(date +%s%N)
	expect_exit 1 client -t 0.25 <typed
	ms=$((($(date +%s%N) - before) / 1000000))
	[ $ms -ge 500 ] || fail "gave two lines up after $ms ms"
	line="udp/client: no reply from $ADDR: Connection timed out (ETIMEDOUT)"
	expect "one line for each" "$line$line" "$(tr -d '\n' <stderr)"
}

# The first line's answer comes while the second one waits: it is not taken for the second's.
#: udp/client
udp_late() {
	start_peer late
	printf 'first\nsecond\n' >typed
	expect_exit 1 client -t 3 <typed
	expect "what is printed" SECOND "$(cat stdout)"
	expect "no reply to the first" 1 "$(grep -c 'no reply' stderr)"
	expect "said once" 1 "$(grep -c 'late or foreign' stderr)"
}

# Another socket's datagrams don't reach a connected one, right answers as little as wrong ones.
#: udp/client
udp_stranger() {
	start_peer stranger
	echo abc | expect_exit 0 client -t 60
	expect "what is printed" ABC "$(cat stdout)"
	[ ! -s stderr ] || fail "the client complained: $(cat stderr)"
}

#: udp/client
udp_broken_stdout() {
	start_server "$BIN/udp/server"
	echo abc >typed
	status=0
	client -t 60 <typed >/dev/full 2>stderr || status=$?
	expect "the exit status" 1 "$status"
	expect "the reason" "udp/client: write stdout: No space left on device (ENOSPC)" "$(cat stderr)"
	stop
}
