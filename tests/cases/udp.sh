# udp/server and udp/client on the loopback. Groups, and two hosts, are in group.sh. Where an answer
# must come the time-out is -t 20, so that it can come on a busy machine too.

# start_peer HOW: a server of udp_peer's, for the client under test.
start_peer() {
	"$BIN/tests/udp_peer" "$1" >out 2>err &
	located
}

needs_raw_sockets() {
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
}

# If an answer cannot be sent, one line reports it, and the next datagram is answered.
#: udp/server
udp_send_error() {
	needs_raw_sockets
	start
	allow_stderr
	udp_peer forge 127.255.255.255:4000 "$ADDR" abc
	await err "$(error_line 'sendto 127.255.255.255:4000' EACCES)"
	udp_peer sizes "$ADDR"
	stop
	expect "complaints" 1 "$(wc -l <err)"
}

# A datagram from port 0 is not answered, nor one that claims to come from the server itself, because
# its answer would be the next question. (On 0.0.0.0 every address of the machine is the server's.)
#: udp/server udp/broadcast_server multicast/server
udp_forged() {
	needs_raw_sockets
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

# Each line is one datagram and comes back to the byte, the last with or without its newline.
#: udp/client
udp_lines() {
	start_any
	for text in 'abc\n' 'abc\n\ndef' '' '\n' '\000\377z\n'; do
		# shellcheck disable=SC2059
		printf "$text" >typed
		client -t 20 <typed >answers
		# shellcheck disable=SC2018,SC2019 # ASCII is meant
		tr a-z A-Z <typed | cmp - answers
	done
	client -t 20 <&- >answers
	seq 1000 >typed
	client -t 20 <typed >answers
	cmp typed answers
	stop
	expect "datagrams" 1006 "$(log_lines ' sent [0-9]+ bytes$')"
}

#: udp/client
udp_longest_line() {
	start_any
	tr '\0' a </dev/zero | head -c 65507 >typed
	client -t 20 <typed >answers
	tr A a <answers | cmp - typed
	echo >>typed
	expect_exit 1 client -t 20 <typed
	expect_reason 'a line is longer than a datagram, 65507 bytes'
	[ ! -s stdout ] || fail "something was printed"
	stop
	expect "datagrams" 1 "$(log_lines ' sent [0-9]+ bytes$')"
}

# -B asks for buffers, and what the kernel grants is printed.
#: udp/client
udp_buffers() {
	granted='granted: SO_RCVBUF 20000, SO_SNDBUF 20000 bytes'
	start_any -B 10000
	await out "^$granted\$"
	echo abc | expect_exit 0 client -t 20 -B 10000
	expect "what is granted" "$granted" "$(cat stderr)"
	expect "the echo" ABC "$(cat stdout)"
	stop
}

# A refusal is reported at once, not after the time-out, and again for the next line.
#: udp/client
udp_refused() {
	port=$(peer freeport)
	printf 'abc\ndef\n' >typed
	expect_exit 1 within 5 "$P" -t 60 127.0.0.1 "$port" <typed
	for line in 1 2; do
		sed -n "${line}p" stderr >one
		expect_error "127.0.0.1:$port" ECONNREFUSED one
	done
}

# An error of an earlier datagram may be reported when the next line is sent; the line goes out all the
# same.
#: udp/client
udp_earlier_error() {
	needs_raw_sockets
	AT_PORT=$(peer freeport)
	start_any
	start_client -t 20
	from=$(sed -n 's/^client \(.*\) sent 4 bytes$/\1/p' out)
	stop
	udp_peer forge "$from" "$ADDR" 'nobody is there'
	start_any 3>&- # a copy of it would keep the client's input open
	echo def >&3
	await echo '^DEF$'
	exec 3>&-
	ends 0 "$CLIENT"
	expect "what is reported" '' "$(cat stderr)"
	stop
}

# With a silent server each line waits for its time-out, is given up, and the next is sent.
#: udp/client
udp_no_reply() {
	start_peer mute
	printf 'abc\ndef\n' >typed
	began=$(peer clock)
	# shellcheck disable=SC2086 # several words
	expect_exit 1 within 8 "$P" -t 0.25 $WHERE <typed
	ms=$(($(peer clock) - began))
	[ $ms -ge 500 ] || fail "gave two lines up after $ms ms"
	expect "one line for each" 2 "$(grep -c "^$PROGRAM: no reply from $ADDR" stderr)"
	expect "lines in all" 2 "$(wc -l <stderr)"
}

# The first line's answer comes while the second line waits. It must not be taken for the second's.
#: udp/client
udp_late() {
	start_peer late
	printf 'first\nsecond\n' >typed
	expect_exit 1 client -t 3 <typed
	expect "what is printed" SECOND "$(cat stdout)"
	expect "no reply to the first" 1 "$(grep -c 'no reply' stderr)"
	expect "said once" 1 "$(grep -c 'late or wrong' stderr)"
}

# A connected socket gets no datagrams from other addresses, neither wrong answers nor right ones.
#: udp/client
udp_stranger() {
	start_peer stranger
	echo abc | expect_exit 0 client -t 20
	expect "what is printed" ABC "$(cat stdout)"
	[ ! -s stderr ] || fail "the client complained: $(cat stderr)"
}
