# Datagrams on AF_UNIX: unix/dgram_server and unix/dgram_client. Their paths are in unix_path.sh.

# When the server is gone, the next line that is typed fails: one line on stderr, exit 1.
#: unix/dgram_client
dgram_server_goes() {
	start_any
	start_client
	own=cli.$CLIENT.socket
	[ -S "$own" ] || fail "no $own beside the server's path"
	kill -KILL "$PID"
	peer gone "$PID"
	echo def >&3
	ends 1 "$CLIENT"
	expect_error ./srv.socket ECONNREFUSED
	no_file "$own"
	exec 3>&-
}

# Lines come back one by one and whole; a last one without newline too.
#: unix/dgram_server
dgram_lines() {
	start
	printf 'one\n\ntwo \303\274 \000\377\nthree' >sent
	"$BIN/unix/dgram_client" -t 20 "$ADDR" <sent >echo
	LC_ALL=C tr a-z A-Z <sent | cmp - echo
	stop
	expect "datagrams in the log" 4 "$(log_lines '^client .*/cli\.[0-9]+\.socket sent [0-9]+ bytes$')"
	expect "bytes served" "$(wc -c <sent)" "$(served | cut -d' ' -f2)"
	no_file srv.socket
}

# What the sender's buffer takes comes back whole. Either side reports what is longer, and cuts nothing.
#: unix/dgram_server
dgram_sizes() {
	start
	head -c 200000 /dev/zero | tr '\0' z >sent
	"$BIN/unix/dgram_client" -t 20 "$ADDR" <sent >echo
	tr z Z <sent | cmp - echo
	cat sent sent | expect_exit 1 "$BIN/unix/dgram_client" -t 20 "$ADDR"
	expect_like "the reason" "unix/dgram_client: a line is longer than 262144 bytes" "$(cat stderr)"
	unix_peer large "$ADDR" 300000
	await out '^client large.socket is not answered: longer than the buffer$'
	serves
	stop
}

# A client without a path can't be answered; one with a path of 108 bytes can.
#: unix/dgram_server
dgram_names() {
	start
	unix_peer unnamed "$ADDR"
	await out '^client \(unnamed\) is not answered: no path$'
	unix_peer longest dgram "$ADDR"
	await out '^client x{108} sent 6 bytes$'
	stop
}

# queue_and N: as many datagrams as the queue of a socket holds, and N more. unix(7)
queue_and() {
	echo $(($(cat /proc/sys/net/unix/max_dgram_qlen) + $1))
}

# A client that never reads is full after some datagrams. Each that is lost is reported, and the other
# clients are answered.
#: unix/dgram_server
dgram_deaf() {
	start
	mkfifo in
	sent=$(queue_and 40)
	unix_peer deaf "$ADDR" "$sent" <in >deaf &
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
	expect "answers and losses" "$sent" $((answers + $(grep -c 'sendto deaf.socket: .*(EAGAIN)$' err)))
}

# If a client is gone before its answer comes, one line reports it.
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

# A client's path that leads back to the server would make it talk to itself for ever.
#: unix/dgram_server
dgram_loop() {
	start
	unix_peer loop "$ADDR"
	await out "^client $ADDR is not answered: the server's own path$"
	stop
	expect "what the server got" 2 "$(log_lines ' sent 6 bytes$')"
}

# A server that is stopped answers nothing, and once its queue is full send blocks too. Each line waits
# for the time-out and is reported, and the client goes on.
#: unix/dgram_client
dgram_silent() {
	start_any
	kill -STOP "$PID"
	count=$(queue_and 4)
	seq "$count" >lines
	expect_exit 1 within 8 "$P" -t 0.005 "$ADDR" <lines
	expect "lines on stderr" "$count" "$(grep -cx "$PROGRAM: no reply from $ADDR in 0.005 s" stderr)"
	expect "stdout" '' "$(cat stdout)"
	kill -KILL "$PID"
}

# An answer that comes too late is reported once and not taken for the next line's.
#: unix/dgram_client
dgram_late() {
	start_any
	mkfifo in
	"$P" -t 3 "$ADDR" <in >echo 2>stderr &
	CLIENT=$!
	exec 3>in
	kill -STOP "$PID"
	echo one >&3
	await stderr "no reply from $ADDR in 3 s$"
	kill -CONT "$PID"
	await out ' sent 4 bytes$'
	echo three >&3
	await echo '^THREE$'
	exec 3>&-
	ends 1 "$CLIENT"
	expect "stdout" THREE "$(cat echo)"
	expect "late ones" 1 "$(grep -cx "$PROGRAM: a late answer of 4 bytes" stderr)"
	stop
}

# Late answers do not prolong the wait for the right one, however many they are.
#: unix/dgram_client
dgram_time_in_all() {
	"$BIN/tests/unix_peer" chatter srv.socket >out 2>err &
	located
	echo abc >line
	expect_exit 1 within 8 "$P" -t 0.5 "$ADDR" <line
	expect "no reply" 1 "$(grep -cx "$PROGRAM: no reply from $ADDR in 0.5 s" stderr)"
}

# Only its server can send to the client, because its socket is connected.
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

# A client is answered from whatever folder it was started in.
#: unix/dgram_client
dgram_from_another_folder() {
	start_any
	mkdir elsewhere
	expect "the echo" ABC "$(cd elsewhere && echo abc | "$P" -t 20 ../srv.socket)"
	stop
}
