# Datagrams on AF_UNIX: unix/dgram_server and unix/dgram_client. Paths: unix_path.sh.

# The next line tells it: one line on stderr, exit 1.
#: unix/dgram_client
dgram_server_goes() {
	start_any
	start_client
	own=$(ls cli.*.socket)
	expect "its path" "cli.$CLIENT.socket" "$own"
	kill -KILL "$PID"
	peer gone "$PID"
	echo def >&3
	ends 1 "$CLIENT"
	expect_error ./srv.socket ECONNREFUSED
	no_file "$own"
	exec 3>&-
}

# Lines come back one by one, whole, and every byte as it was but a-z; an end without newline too.
#: unix/dgram_server
dgram_lines() {
	start
	printf 'one\n\ntwo \303\274 \000\377\nthree' >sent
	"$BIN/unix/dgram_client" -t 20 "$ADDR" <sent >echo
	LC_ALL=C tr a-z A-Z <sent | cmp - echo
	stop
	expect "datagrams told" 4 "$(log_lines '^client (\./)?cli\.[0-9]+\.socket sent [0-9]+ bytes$')"
	expect "bytes served" "$(wc -c <sent)" "$(served | cut -d' ' -f2)"
	no_file srv.socket
}

# What a sender's buffers let out comes back whole; more is not cut, but said, on either side.
#: unix/dgram_server
dgram_sizes() {
	start
	head -c 200000 /dev/zero | tr '\0' z >sent
	"$BIN/unix/dgram_client" -t 20 "$ADDR" <sent >echo
	tr z Z <sent | cmp - echo
	cat sent sent | expect_exit 1 "$BIN/unix/dgram_client" -t 20 "$ADDR"
	expect_like "the reason" "unix/dgram_client: .*\(EMSGSIZE\)" "$(cat stderr)"
	unix_peer large "$ADDR" 300000
	await out '^client large.socket is not answered: longer than the buffer$'
	serves
	stop
}

# Who has no path can't be answered; who has one of 108 bytes can.
#: unix/dgram_server
dgram_names() {
	start
	unix_peer unnamed "$ADDR"
	await out '^client \(unnamed\) is not answered: no path$'
	unix_peer longest dgram "$ADDR"
	await out '^client x{108} sent 6 bytes$'
	stop
}

# A client that never reads is full after some datagrams: a line for each that is lost, and the
# others are answered.
#: unix/dgram_server
dgram_deaf() {
	start
	mkfifo in
	unix_peer deaf "$ADDR" 50 <in >deaf &
	exec 3>in
	await deaf '^deaf$'
	expect "another one's echo" ABC "$(within 5 "$BIN/unix/dgram_client" -t 20 "$ADDR" <<-end
		abc
	end
	)"
	exec 3>&-
	await deaf ' answers$'
	answers=$(sed -n 's/ answers$//p' deaf)
	[ "$answers" -gt 0 ] || fail "no answer at all was there for the deaf one"
	allow_stderr
	stop
	expect "answers and losses" 50 $((answers + $(grep -c 'sendto deaf.socket: .*(EAGAIN)$' err)))
}

# A client that is gone before its answer costs a line.
#: unix/dgram_server
dgram_gone() {
	start
	kill -STOP "$PID"
	unix_peer goes "$ADDR"
	kill -CONT "$PID"
	await err "$(error_line 'sendto gone.socket' ECONNREFUSED)"
	serves
	allow_stderr
	stop
}

# A path that leads back to the server would have it talk to itself for ever.
#: unix/dgram_server
dgram_loop() {
	start
	unix_peer loop "$ADDR"
	await out "^client $ADDR is not answered: the server's own path$"
	stop
	expect "what the server got" 2 "$(log_lines ' sent 6 bytes$')"
}

# Stopped, the server answers nothing; once it is full send would wait for it too. Each line costs
# the time-out and a line on stderr, and the client goes on.
#: unix/dgram_client
dgram_silent() {
	start_any
	kill -STOP "$PID"
	seq 14 >lines
	expect_exit 1 within 20 "$P" -t 0.05 "$ADDR" <lines
	expect "lines on stderr" 14 "$(grep -cx "$PROGRAM: no reply in 0.05 s" stderr)"
	expect "stdout" '' "$(cat stdout)"
	kill -KILL "$PID"
}

# An answer that comes after its time is said once and not taken for the next line's.
#: unix/dgram_client
dgram_late() {
	start_any
	mkfifo in
	"$P" -t 3 "$ADDR" <in >echo 2>stderr &
	CLIENT=$!
	exec 3>in
	kill -STOP "$PID"
	echo one >&3
	await stderr "no reply in 3 s$"
	kill -CONT "$PID"
	await out ' sent 4 bytes$'
	echo three >&3
	await echo '^THREE$'
	exec 3>&-
	ends 1 "$CLIENT"
	expect "stdout" THREE "$(cat echo)"
	expect "late ones" 1 "$(grep -cx "$PROGRAM: late: 4 bytes" stderr)"
	stop
}

# Nobody but its server can send to the client.
#: unix/dgram_client
dgram_stranger() {
	start_any
	start_client -c own.socket
	expect_exit 1 unix_peer stranger own.socket
	grep -q '^unix_peer: connect' stderr || fail "a stranger got through"
	echo def >&3
	await echo '^DEF$'
	exec 3>&-
	ends 0 "$CLIENT"
	stop
}
