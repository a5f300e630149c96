# DESIGN: the command line, starting, the log and the closing line.

# -h prints the usage to stdout and is no failure.
#: one concurrent crew event stream script datagram group experiment
help() {
	expect_exit 0 "$P" -h
	expect_like "the usage" "usage: $PROGRAM \\[-h\\].*" "$(head -n 1 stdout)"
	[ ! -s stderr ] || fail "-h wrote to stderr"
}

# What is wrong and the usage, on stderr.
#: one concurrent crew event stream script datagram group experiment
usage_errors() {
	for wrong in -Z 'a b c d'; do
		# shellcheck disable=SC2086
		expect_exit 2 "$P" $wrong
		grep -q "^usage: $PROGRAM" stderr || fail "no usage on stderr"
		expect_like "what is wrong" "$PROGRAM: .*" "$(head -n 1 stderr)"
		[ ! -s stdout ] || fail "a usage error wrote to stdout"
	done
}

# An option's argument that is missing.
#: crew
option_without_value() {
	expect_exit 2 "$P" -w
	expect_exit 2 "$P" -w 0
	expect_exit 2 "$P" -w x
}

#: one concurrent crew event udp/server udp/broadcast_server multicast/server epoll/trigger_server -unix/stream_server
bad_ports() {
	for port in abc 12x -1 65536 '' ' 1' +1; do
		expect_exit 2 "$P" "$port"
		grep -q "^usage: $PROGRAM" stderr || fail "no usage on stderr for '$port'"
	done
}

#: stream script -unix/stream_client -epoll/burst_client -threadpool/demo -libevent/fifo_reader -libevent/fifo_writer
bad_ports_of_clients() {
	for port in abc 12x 65536 '' 0; do
		expect_exit 2 "$P" 127.0.0.1 "$port"
	done
}

# Said in one line with the call, the address, the reason and its name; exit 1.
#: one concurrent crew event udp/server epoll/trigger_server -unix/stream_server
address_in_use() {
	start
	# shellcheck disable=SC2086
	expect_exit 1 "$P" $OPTIONS "${ADDR##*:}"
	expect "the reason" "$PROGRAM: bind $ADDR: Address already in use (EADDRINUSE)" "$(cat stderr)"
	stop
}

#: one concurrent crew event -unix/stream_server
bad_address() {
	# shellcheck disable=SC2086
	expect_exit 1 "$P" $OPTIONS -a 192.0.2.1 0
	expect "the reason" \
		"$PROGRAM: bind 192.0.2.1:0: Cannot assign requested address (EADDRNOTAVAIL)" "$(cat stderr)"
	# shellcheck disable=SC2086
	expect_exit 1 "$P" $OPTIONS -a no.such.host.invalid 0
	expect_like "one line" "$PROGRAM: .*no.such.host.invalid.*" "$(cat stderr)"
}

# The first line is there at once, into a pipe too; only this machine can connect.
#: one concurrent crew event udp/server udp/broadcast_server multicast/server epoll/trigger_server -unix/stream_server
first_line() {
	mkfifo pipe
	# shellcheck disable=SC2086
	"$P" $OPTIONS 0 >pipe 2>err &
	PID=$!
	read -r first <pipe
	expect_like "the first line" 'listening on 127\.0\.0\.1:[1-9][0-9]*' "$first"
	# The thread sanitizer keeps the handler back until the call that waits has ended.
	[ "${SAN:-}" != thread ] || wait_until 'it does not wait' sleeps
	kill "$PID"
	peer gone "$PID"
}

sleeps() {
	saw=$(awk '{ print $3 }' "/proc/$PID/stat")
	[ "$saw" = S ]
}

#: concurrent crew event -unix/stream_server
ipv6() {
	grep -qs ' lo$' /proc/net/if_inet6 || skip "no IPv6 on lo"
	start -a ::1
	expect_like "the address" '\[::1\]:[0-9]+' "$ADDR"
	expect "the echo" ABC "$(echo abc | copy)"
	await out '^client \[::1\]:[0-9]+ closed, 4 bytes'
	stop
	start -a ::
	WHERE="127.0.0.1 ${ADDR##*:}"
	expect "the echo over IPv4" ABC "$(echo abc | copy)"
	WHERE="::1 ${ADDR##*:}"
	expect "the echo over IPv6" ABC "$(echo abc | copy)"
	stop
}

# A name is as good as an address, for a server and for its client.
#: concurrent crew event -unix/stream_server
name() {
	getent hosts localhost >/dev/null || skip "no name for this machine"
	start -a localhost
	WHERE="localhost ${ADDR##*:}"
	expect "the echo" ABC "$(echo abc | copy)"
	stop
}

#: one concurrent crew event
log() {
	start
	expect "the echo" ABC "$(echo abc | copy)"
	stop
	sed -i '/is process/d' out # AF_UNIX tells who that is
	expect "lines of the log" 4 "$(wc -l <out)"
	who=$(sed -n '2s/^client \(.*\) connected$/\1/p' out)
	[ -n "$who" ] || fail "no 'client ADDR connected'"
	expect "the third line" "client $who closed, 4 bytes" "$(sed -n 3p out)"
	expect "the closing line's counts" "1 4" "$(served)"
}

#: one concurrent crew event
quiet() {
	start -q
	expect "the echo" ABC "$(echo abc | copy)"
	stop
	expect "lines of the log" 2 "$(wc -l <out)"
	expect "the closing line's counts" "1 4" "$(served)"
}

#: one concurrent crew event
verbose() {
	start -v
	expect "the echo" "$(printf 'A~ \001\377')" "$(printf 'a~ \001\377\n' | copy)"
	stop
	grep -q '^client .*: a~ \\x01\\xff\\x0a$' out || fail "-v does not show the data"
}

# Both options at once mean nothing.
#: one concurrent crew event
quiet_and_verbose() {
	expect_exit 2 "$P" -v -q
}

# A standard descriptor that is closed must not become a socket.
#: one concurrent crew event -unix/stream_server
closed_descriptors() {
	# shellcheck disable=SC2086
	"$P" $OPTIONS 0 <&- >out 2>&- &
	PID=$!
	await out '^listening on '
	located
	expect "stdin" /dev/null "$(readlink "/proc/$PID/fd/0")"
	expect "stderr" /dev/null "$(readlink "/proc/$PID/fd/2")"
	expect "the echo" ABC "$(echo abc | copy)"
	stop
}

# What memory and CPU cost: the largest process, and the children's time too.
#: concurrent crew event
closing_line() {
	start
	seq 200000 | copy >/dev/null
	workers=$(peer children "$PID" | wc -l)
	stop
	kib=$(sed -n '$s/.*memory \([0-9]*\) KiB.*/\1/p' out)
	[ "$kib" -gt 100 ] || fail "memory: $kib KiB"
	processes=$(sed -n '$s/.*, \([0-9]*\) processes$/\1/p' out)
	[ "$processes" -gt "$workers" ] || fail "$processes processes, but $workers children"
	expect "bytes" "1 $(seq 200000 | wc -c)" "$(served)"
}
