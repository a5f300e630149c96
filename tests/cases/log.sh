# What a server prints: the first line, its clients, -v and -q, and the closing line.

# The first line is there at once, into a pipe too; by default only this machine can connect.
#: servers experiment udp/server udp/broadcast_server multicast/server unix/dgram_server
first_line() {
	mkfifo pipe
	default=0 wanted='127\.0\.0\.1:[1-9][0-9]*'
	! is_unix || default='' wanted=srv.socket
	# shellcheck disable=SC2086 # several words, or none
	"$P" $OPTIONS $default >pipe 2>err &
	PID=$!
	read -r first <pipe
	expect_like "the first line" "listening on $wanted" "$first"
	# The thread sanitizer keeps the handler back until the call that waits has ended.
	[ "${SAN:-}" != thread ] || wait_until 'it does not wait' sleeps
	kill "$PID"
	ends 0 "$PID"
}

sleeps() {
	saw=$(awk '{ print $3 }' "/proc/$PID/stat")
	[ "$saw" = S ]
}

#: servers
log() {
	start
	serves
	stop
	sed -i '/is process/d' out # AF_UNIX tells who that is
	expect "lines of the log" 4 "$(wc -l <out)"
	who=$(sed -n '2s/^client \(.*\) connected$/\1/p' out)
	[ -n "$who" ] || fail "no 'client ADDR connected'"
	expect "the third line" "client $who closed, 4 bytes" "$(sed -n 3p out)"
	expect "the closing line's counts" "1 4" "$(served)"
}

#: servers udp/server unix/dgram_server
quiet() {
	start -q
	serves
	stop
	expect "lines of the log" 2 "$(wc -l <out)"
	expect_like "the closing line's counts" '[01] 4' "$(served)"
}

#: servers udp/server unix/dgram_server
verbose() {
	start -v
	expect "the echo" "$(printf 'A~ \001\377')" "$(printf 'a~ \001\377\n' | copy)"
	stop
	grep -q '^client .*: a~ \\x01\\xff\\x0a$' out || fail "-v does not show the data"
}

# The server goes on when nobody reads its log any more.
#: servers udp/server unix/dgram_server
broken_log() {
	mkfifo pipe
	set_operand
	# shellcheck disable=SC2086 # several words
	"$P" $OPTIONS "$OPERAND" >pipe 2>err &
	PID=$!
	head -n 1 <pipe >out
	located
	serves
	serves
	kill "$PID"
	ends 0 "$PID"
}

# It goes on, too, when the log has grown to the largest size that a file may have.
#: servers -unix/stream_server -unix/pass_server
log_largest_file() {
	# shellcheck disable=SC3045,SC2086 # dash, bash and busybox have it
	(ulimit -f 1 && exec "$P" $OPTIONS -v 0 >out 2>/dev/null) &
	PID=$!
	located
	expect "what came back" 100000 "$(head -c 100000 /dev/zero | copy | wc -c)"
	serves
	kill "$PID"
	ends 0 "$PID"
	[ "$(wc -c <out)" -le 1024 ] || fail "the limit had no effect"
}

# Memory is the largest process's own peak, although the process that started the server had 64 MiB;
# processes include all children.
#: servers
closing_line() {
	start_with large --
	peer owed "$ADDR" 1000000
	workers=$(peer children "$PID" | wc -l)
	stop
	kib=$(sed -n '$s/.*memory \([0-9]*\) KiB.*/\1/p' out)
	[ "$kib" -gt 100 ] || fail "memory: $kib KiB"
	[ "$kib" -lt 30000 ] || [ -n "${SAN:-}" ] || fail "memory: $kib KiB"
	processes=$(sed -n '$s/.*, \([0-9]*\) processes$/\1/p' out)
	[ "$processes" -gt "$workers" ] || fail "$processes processes, but $workers children"
	expect "bytes" "1 1000000" "$(served)"
}

# The CPU time of children is counted, also of those that the stop has ended.
#: mpserver/server mpserver/prefork_server epoll/reuseport_server
cpu_of_children() {
	start -q
	peer flood "$ADDR" >flooding 2>&1 &
	await flooding flooding
	wait_until 'ticks that the children have used' have_used 20
	used=$saw
	stop
	told=$(sed -n '$s/.*cpu \([0-9]*\)\.\([0-9]*\) s user, \([0-9]*\)\.\([0-9]*\) s.*/\1\2 \3\4/p' out |
		awk '{ print $1 + $2 }')
	[ "$told" -ge $((used - 4)) ] || fail "the children have used $used ticks, the closing line has $told"
}

# have_used TICKS: the server's children have used so many or more.
have_used() {
	saw=0
	for pid in $(peer children "$PID"); do
		saw=$((saw + $(ticks "$pid")))
	done
	[ "$saw" -ge "$1" ]
}
