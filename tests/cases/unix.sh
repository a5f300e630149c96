# shellcheck shell=sh
# AF_UNIX: the paths of DESIGN section 4, who the peer is, and datagrams.

unix_peer() {
	"$BIN/tests/unix_peer" "$@"
}

# inode FILE: what tells one file of a name from a later one.
inode() {
	stat -c %i "$1"
}

# gone FILE
gone() {
	if [ -e "$1" ]; then fail "$1 is still there"; fi
}

# refused PATH REASON: a second server is, in one line, and PATH is the same file afterwards.
refused() {
	before=$(inode "$1")
	expect_exit 1 "$P" "$1"
	expect "the reason" "$PROGRAM: $2" "$(cat stderr)"
	expect "the file" "$before" "$(inode "$1")"
}

# client_in_background ARGUMENTS...: the client under test, its stdin the FIFO on descriptor 3.
# sh has its background ignore SIGINT; at a terminal it would not.
client_in_background() {
	rm -f in echo # an earlier client's, in which await would see what it waits for
	mkfifo in
	env --default-signal=INT "$P" "$@" <in >echo 2>stderr &
	CLIENT=$!
	exec 3>in
	echo abc >&3
	await echo ABC
}

# client_gone STATUS
client_gone() {
	peer gone "$CLIENT"
	status=0
	wait "$CLIENT" || status=$?
	expect "the client's exit status" "$1" "$status"
}

start_server_of_client() {
	start_server "$BIN/${PROGRAM%_client}_server"
}

# Its owner alone may use it, and it goes with the server.
#: unix/stream_server unix/dgram_server
path_mode() {
	umask 0
	start
	expect_like "the file's mode" 'srwx------.*' "$(ls -l srv.socket)"
	stop
	gone srv.socket
}

# The first line is there at once, into a pipe too, and names the path, which is the default one.
#: unix/stream_server unix/dgram_server
path_default() {
	mkfifo pipe
	"$P" >pipe 2>err &
	PID=$!
	read -r first <pipe
	expect "the first line" "listening on srv.socket" "$first"
	[ -S srv.socket ] || fail "no srv.socket"
	kill -INT "$PID"
	peer gone "$PID"
	gone srv.socket
}

# A server that was killed leaves its file; the next one replaces it at once.
#: unix/stream_server unix/dgram_server
path_stale() {
	start
	kill -KILL "$PID"
	peer gone "$PID"
	[ -S srv.socket ] || fail "the file of a killed server is not there"
	start
	stop
	gone srv.socket
}

# Stopped with a client open and started again at once on the same path.
#: unix/stream_server
path_restart() {
	start
	mkfifo in
	peer hold "$ADDR" 1 <in >held 2>&1 &
	exec 3>in
	await held 'held 1'
	stop
	start
	expect "the echo" ABC "$(echo abc | copy)"
	exec 3>&-
	stop
}

# A standard descriptor that is closed must not become a socket, and a log that nobody reads any
# more ends nothing.
#: unix/stream_server unix/dgram_server
path_closed_descriptors() {
	mkfifo pipe
	"$P" <&- >pipe 2>err &
	PID=$!
	read -r first <pipe
	expect "the first line" "listening on srv.socket" "$first"
	for _ in 1 2; do
		expect "the echo" ABC "$(echo abc | "${P%_server}_client")"
	done
	kill "$PID"
	peer gone "$PID"
	wait "$PID"
	"$P" <&- >&- 2>err &
	PID=$!
	until echo abc | "${P%_server}_client" >stdout 2>stderr || ! grep -q ': connect ' stderr; do
		: # it can't say that it listens
	done
	expect "the echo" ABC "$(cat stdout)"
	kill "$PID"
	peer gone "$PID"
}

# A live one is not taken over, by either kind of server, and does not even see who tried.
#: unix/stream_server unix/dgram_server
path_live() {
	start
	for P in "$BIN/unix/stream_server" "$BIN/unix/dgram_server"; do
		PROGRAM=unix/${P##*/}
		refused ./srv.socket "bind ./srv.socket: Address already in use (EADDRINUSE)"
	done
	stop
	expect "lines of the log" 2 "$(wc -l <out)"
}

# A client's own path is live too, though no stream could connect to it: a server leaves it alone.
#: unix/stream_client unix/dgram_client
path_of_client() {
	start_server_of_client
	client_in_background -c own.socket "$ADDR"
	P=$BIN/${PROGRAM%_client}_server PROGRAM=${PROGRAM%_client}_server
	refused own.socket "bind own.socket: Address already in use (EADDRINUSE)"
	exec 3>&-
	client_gone 0
	gone own.socket
	stop
}

# What is no socket stays: a file, a folder, a link to anything.
#: unix/stream_server unix/dgram_server
path_no_socket() {
	echo precious >file
	mkdir folder
	ln -s nowhere dangling
	ln -s file link
	for path in file folder dangling link; do
		refused "$path" "bind $path: no socket, and not removed: Address already in use (EADDRINUSE)"
	done
	expect "the file" precious "$(cat file)"
}

# sun_path holds 107 bytes and a NUL. One byte more is an error that tells so; so is no path at all.
#: unix/stream_server unix/dgram_server
path_too_long() {
	most=$(printf %0107d 0)
	"$P" "$most" >out 2>err &
	PID=$!
	await out "^listening on $most\$"
	stop
	gone "$most"
	expect_exit 1 "$P" "${most}0"
	expect "the reason" \
		"$PROGRAM: a path of 108 bytes, sun_path holds 107: File name too long (ENAMETOOLONG)" \
		"$(cat stderr)"
	expect_exit 1 "$P" ''
	expect_like "the reason" "$PROGRAM: a path of 0 bytes.*\(ENOENT\)" "$(cat stderr)"
}

# Where no file can be made: one line.
#: unix/stream_server unix/dgram_server
path_nowhere() {
	expect_exit 1 "$P" no/such/folder
	expect "the reason" "$PROGRAM: bind no/such/folder: No such file or directory (ENOENT)" \
		"$(cat stderr)"
}

# A server whose path was taken from it leaves what stands there now.
#: unix/stream_server unix/dgram_server
path_of_another() {
	start
	first=$PID
	mv out first.out
	rm srv.socket
	start
	before=$(inode srv.socket)
	kill "$first"
	peer gone "$first"
	expect "the second server's file" "$before" "$(inode srv.socket)"
	stop
	gone srv.socket
}

# Of four that start at the same moment on a stale path exactly one serves.
#: unix/stream_server unix/dgram_server full
path_race() {
	for _ in $(seq 500); do
		expect "how many serve" 1 "$(unix_peer race "$P" srv.socket 4)"
	done
}

# shut_out: another user's server and client get nowhere, and the file stays.
shut_out() {
	before=$(inode srv.socket)
	expect_exit 1 unix_peer as 65534 ./server ./srv.socket
	expect_like "the reason" ".*: bind ./srv.socket: Address already in use \(EADDRINUSE\)" \
		"$(cat stderr)"
	expect_exit 1 unix_peer as 65534 ./client ./srv.socket
	expect_like "the reason" ".*: connect ./srv.socket: Permission denied \(EACCES\)" \
		"$(cat stderr)"
	expect "the file" "$before" "$(inode srv.socket)"
}

# Another user may neither connect, nor take over what is live, nor what is stale, not even in a
# folder where everybody may make and remove files.
#: unix/stream_server unix/dgram_server root
path_of_another_user() {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be another user"
	start
	chmod 777 .
	cp "$P" server # where that user can surely run it
	cp "${P%_server}_client" client
	shut_out
	kill -KILL "$PID"
	peer gone "$PID"
	shut_out
}

# Who the client is: its path or none, its process, its user.
#: unix/stream_server
peer_shown() {
	start
	echo abc >line
	"$BIN/unix/stream_client" "$ADDR" <line >echo &
	unnamed=$!
	wait "$unnamed"
	"$BIN/unix/stream_client" -c me.socket "$ADDR" <line >echo &
	named=$!
	wait "$named"
	unix_peer abstract "$ADDR" "nobody's file"
	await out "^client @nobody's file closed, 6 bytes"
	user=$(id -u)
	for who in "(unnamed) is process $unnamed" "me.socket is process $named"; do
		grep -Fqx "client $who of user $user" out || fail "no 'client $who of user $user'"
	done
	grep -Eqx "client @nobody's file is process [0-9]+ of user $user" out || fail "no @name"
	for who in '(unnamed)' me.socket; do
		grep -Fqx "client $who connected" out || fail "no 'client $who connected'"
		grep -Fqx "client $who closed, 4 bytes" out || fail "no 'client $who closed, 4 bytes'"
	done
	stop
	expect "the closing line's counts" "3 14" "$(served)"
}

# A path of 108 bytes has no NUL at its end.
#: unix/stream_server
peer_longest_name() {
	start
	unix_peer longest stream "$ADDR"
	await out "^client x{108} closed, 6 bytes"
	stop
}

# The kernel's word, not the client's.
#: unix/stream_server root
peer_of_another_user() {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be another user"
	start
	chmod 777 srv.socket
	cp "$BIN/unix/stream_client" client
	expect "the echo" ABC "$(echo abc | unix_peer as 65534 ./client srv.socket)"
	await out '^client \(unnamed\) is process [0-9]+ of user 65534$'
	stop
}

# No server: one line, exit 1, and no file left behind.
#: unix/stream_client unix/dgram_client
no_server() {
	expect_exit 1 "$P" -c own.socket nowhere
	expect "the reason" "$PROGRAM: connect nowhere: No such file or directory (ENOENT)" "$(cat stderr)"
	gone own.socket
	start_server_of_client
	kill -KILL "$PID"
	peer gone "$PID"
	expect_exit 1 "$P" -c own.socket "$ADDR"
	expect "the reason" "$PROGRAM: connect $ADDR: Connection refused (ECONNREFUSED)" "$(cat stderr)"
	gone own.socket
	[ -S srv.socket ] || fail "the client removed the server's file"
}

# The client's own path: there while it runs, gone after end of input and after each way to stop it.
#: unix/stream_client unix/dgram_client
own_path_removed() {
	start_server_of_client
	client_in_background -c own.socket "$ADDR"
	expect_like "the file's mode" 'srwx------.*' "$(ls -l own.socket)"
	exec 3>&-
	client_gone 0
	gone own.socket
	for signal in INT:130 TERM:143 HUP:129; do
		client_in_background -c own.socket "$ADDR"
		kill -"${signal%:*}" "$CLIENT"
		client_gone "${signal#*:}"
		gone own.socket
		exec 3>&-
	done
	stop
}

# Nor does it remove what is not its own, or use the path of a client that runs or of the server.
#: unix/stream_client unix/dgram_client
own_path_taken() {
	start_server_of_client
	echo precious >file
	client_in_background -c own.socket "$ADDR"
	for path in own.socket "$ADDR" file; do
		before=$(inode "$path")
		expect_exit 1 "$P" -c "$path" "$ADDR"
		expect_like "the reason" "$PROGRAM: bind $path: .*\(EADDRINUSE\)" "$(cat stderr)"
		expect "the file" "$before" "$(inode "$path")"
	done
	mv own.socket moved
	echo precious >own.socket
	exec 3>&-
	client_gone 0
	expect "what stands in its place" precious "$(cat own.socket)"
	stop
}

# What a killed client left is replaced.
#: unix/stream_client unix/dgram_client
own_path_stale() {
	start_server_of_client
	client_in_background -c own.socket "$ADDR"
	kill -KILL "$CLIENT"
	peer gone "$CLIENT"
	[ -S own.socket ] || fail "a killed client's file is not there"
	expect "the echo" ABC "$(echo abc | "$P" -c own.socket "$ADDR")"
	gone own.socket
	STDERR_ALLOWED=1
	stop
}

# A server that goes is noticed at once, though stdin is silent.
#: unix/stream_client
stream_server_goes() {
	start_server_of_client
	client_in_background -c own.socket "$ADDR"
	kill -KILL "$PID"
	client_gone 1
	expect_like "one line" "$PROGRAM: .*" "$(cat stderr)"
	gone own.socket
	exec 3>&-
}

# The next line tells it: one line on stderr, exit 1.
#: unix/dgram_client
dgram_server_goes() {
	start_server_of_client
	client_in_background "$ADDR"
	own=$(ls cli.*.socket)
	expect "its path" "cli.$CLIENT.socket" "$own"
	kill -KILL "$PID"
	peer gone "$PID"
	echo def >&3
	client_gone 1
	expect "one line" "$PROGRAM: ./srv.socket: Connection refused (ECONNREFUSED)" "$(cat stderr)"
	gone "$own"
	exec 3>&-
}

# Lines come back one by one, whole, and every byte as it was but a-z; an end without newline too.
#: unix/dgram_server
dgram_lines() {
	start
	printf 'one\n\ntwo \303\274 \000\377\nthree' >sent
	"$BIN/unix/dgram_client" -t 60 "$ADDR" <sent >echo
	LC_ALL=C tr a-z A-Z <sent | cmp - echo
	stop
	expect "datagrams told" 4 "$(log_lines '^client cli\.[0-9]+\.socket sent [0-9]+ bytes$')"
	expect "bytes served" "$(wc -c <sent)" "$(served | cut -d' ' -f2)"
	gone srv.socket
}

# What a sender's buffers let out comes back whole; more is not cut, but said, on either side.
#: unix/dgram_server
dgram_sizes() {
	start
	head -c 200000 /dev/zero | tr '\0' z >sent
	"$BIN/unix/dgram_client" -t 60 "$ADDR" <sent >echo
	tr z Z <sent | cmp - echo
	cat sent sent | expect_exit 1 "$BIN/unix/dgram_client" -t 60 "$ADDR"
	expect_like "the reason" "unix/dgram_client: .*Message too long \(EMSGSIZE\)" "$(cat stderr)"
	unix_peer large "$ADDR" 300000
	await out '^client large.socket is not answered: longer than the buffer$'
	expect "the echo" ABC "$(echo abc | "$BIN/unix/dgram_client" -t 60 "$ADDR")"
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
	expect "another one's echo" ABC "$(within 5 "$BIN/unix/dgram_client" -t 60 "$ADDR" <<-end
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
	await err "^$PROGRAM: sendto gone.socket: Connection refused \(ECONNREFUSED\)$"
	expect "the echo" ABC "$(echo abc | "$BIN/unix/dgram_client" -t 60 "$ADDR")"
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
	start_server_of_client
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
	start_server_of_client
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
	client_gone 1
	expect "stdout" THREE "$(cat echo)"
	expect "late ones" 1 "$(grep -cx "$PROGRAM: late: 4 bytes" stderr)"
	stop
}

# Nobody but its server can send to the client.
#: unix/dgram_client
dgram_stranger() {
	start_server_of_client
	client_in_background -c own.socket "$ADDR"
	expect_exit 1 unix_peer stranger own.socket
	grep -q 'Operation not permitted (EPERM)$' stderr || fail "a stranger got through"
	echo def >&3
	await echo '^DEF$'
	exec 3>&-
	client_gone 0
	stop
}

# Stopping, whatever the server is just doing.
#: unix/dgram_server
dgram_stop() {
	for signal in INT TERM; do
		start
		stop $signal
		gone srv.socket
	done
	start -q
	expect "the echo" ABC "$(echo abc | "$BIN/unix/dgram_client" -t 60 "$ADDR")"
	stop
	expect "lines of a quiet log" 2 "$(wc -l <out)"
	start -v
	expect "the echo" ABC "$(echo abc | "$BIN/unix/dgram_client" -t 60 "$ADDR")"
	stop
	grep -Eqx 'client cli\.[0-9]+\.socket: abc\\x0a' out || fail "-v does not show the data"
}
