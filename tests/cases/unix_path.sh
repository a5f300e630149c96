# The paths of AF_UNIX sockets: who may use them, when they are replaced and removed, and who the peer is.

# inode FILE: a later file of the same name has another one.
inode() {
	stat -c %i "$1"
}

# in_use PATH ARGUMENT...: the program, with these, does not get PATH, and says so in one line; PATH is
# the same file afterwards.
in_use() {
	path=$1
	shift
	before=$(inode "$path")
	expect_exit 1 within 8 "$P" "$@"
	if [ -S "$path" ]; then
		expect_error "bind $path" EADDRINUSE
	else
		expect_reason "bind $path: there is a file that is no socket"
	fi
	expect "the file" "$before" "$(inode "$path")"
}

# Only its owner may use the path, and it is removed with the server.
#: unix/stream_server unix/dgram_server
path_mode() {
	umask 0
	start
	expect_like "the file's mode" 'srwx------.*' "$(ls -l srv.socket)"
	stop
	no_file srv.socket
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
	no_file srv.socket
}

# Neither kind of server takes a live path over, and the server there does not even notice the attempt.
#: unix/stream_server unix/dgram_server
path_live() {
	start
	for P in "$BIN/unix/stream_server" "$BIN/unix/dgram_server"; do
		PROGRAM=unix/${P##*/}
		in_use ./srv.socket ./srv.socket
	done
	stop
	expect "lines of the log" 2 "$(wc -l <out)"
}

# A client's own path is live too, although no stream could connect to it, and no server takes it.
#: unix/stream_client unix/dgram_client
path_of_client() {
	start_any
	start_client -c own.socket
	P=$BIN/${PROGRAM%_client}_server PROGRAM=${PROGRAM%_client}_server
	in_use own.socket own.socket
	exec 3>&-
	ends 0 "$CLIENT"
	no_file own.socket
	stop
}

# A path that is no socket stays: a file, a folder, a link to anything.
#: unix/stream_server unix/dgram_server
path_no_socket() {
	echo precious >file
	mkdir folder
	ln -s nowhere dangling
	ln -s file link
	for path in file folder dangling link; do
		in_use "$path" "$path"
	done
	expect "the file" precious "$(cat file)"
}

# sun_path holds 107 bytes and a NUL. The error about a longer path names that limit. An empty path is
# an error too.
#: unix/stream_server unix/dgram_server
path_too_long() {
	most=$(printf %0107d 0)
	"$P" "$most" >out 2>err &
	PID=$!
	await out "^listening on $most\$"
	stop
	no_file "$most"
	expect_exit 1 "$P" "${most}0"
	expect_reason '.* 107.*'
	expect_exit 1 "$P" ''
	expect_reason '.*'
}

# One line reports that no file can be made at a path.
#: unix/stream_server unix/dgram_server
path_nowhere() {
	expect_exit 1 "$P" no/such/folder
	expect_error 'bind no/such/folder' ENOENT
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
	no_file srv.socket
}

# Of four that start at the same moment on a stale path exactly one serves.
#: unix/stream_server unix/dgram_server full 600s
path_race() {
	for _ in $(seq 500); do
		expect "how many serve" 1 "$(unix_peer race "$P" srv.socket 4)"
	done
}

# shut_out: another user's server and client are refused, and the file stays.
shut_out() {
	before=$(inode srv.socket)
	expect_exit 1 unix_peer as 65534 ./server ./srv.socket
	expect_like "the reason" ".*: bind ./srv.socket: .*\(EADDRINUSE\)" "$(cat stderr)"
	expect_exit 1 unix_peer as 65534 ./client ./srv.socket
	expect_like "the reason" ".*: connect ./srv.socket: .*\(EACCES\)" "$(cat stderr)"
	expect "the file" "$before" "$(inode srv.socket)"
}

# Another user may neither connect nor take over a path, live or stale, not even in a folder where
# everybody may make and remove files.
#: unix/stream_server unix/dgram_server
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

# The server prints who the client is: its path or none, its process, its user.
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

# The user is what the kernel says, not the client.
#: unix/stream_server
peer_of_another_user() {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be another user"
	start
	chmod 777 srv.socket
	cp "$BIN/unix/stream_client" client
	expect "the echo" ABC "$(echo abc | unix_peer as 65534 ./client srv.socket)"
	await out '^client \(unnamed\) is process [0-9]+ of user 65534$'
	stop
}

# Without a server the client prints one line, exits with 1, and leaves no file.
#: unix/stream_client unix/dgram_client
no_server() {
	expect_exit 1 "$P" -c own.socket nowhere
	expect_error 'connect nowhere' ENOENT
	no_file own.socket
	start_any
	kill -KILL "$PID"
	peer gone "$PID"
	expect_exit 1 "$P" -c own.socket "$ADDR"
	expect_error "connect $ADDR" ECONNREFUSED
	no_file own.socket
	[ -S srv.socket ] || fail "the client removed the server's file"
}

# The client's own path is there while it runs, and gone after the end of input and after each signal.
#: unix/stream_client unix/dgram_client
own_path_removed() {
	start_any
	start_client -c own.socket
	expect_like "the file's mode" 'srwx------.*' "$(ls -l own.socket)"
	exec 3>&-
	ends 0 "$CLIENT"
	no_file own.socket
	for signal in INT:130 TERM:143 HUP:129; do
		start_client -c own.socket
		kill -"${signal%:*}" "$CLIENT"
		ends "${signal#*:}" "$CLIENT"
		no_file own.socket
		exec 3>&-
	done
	stop
}

# A client does not remove what is not its own, nor use the path of the server or of another client.
#: unix/stream_client unix/dgram_client
own_path_taken() {
	start_any
	echo precious >file
	start_client -c own.socket
	for path in own.socket "$ADDR" file; do
		in_use "$path" -c "$path" "$ADDR"
	done
	mv own.socket moved
	echo precious >own.socket
	exec 3>&-
	ends 0 "$CLIENT"
	expect "what stands in its place" precious "$(cat own.socket)"
	stop
}

# A client replaces what a killed client has left.
#: unix/stream_client unix/dgram_client
own_path_stale() {
	start_any
	start_client -c own.socket
	kill -KILL "$CLIENT"
	peer gone "$CLIENT"
	[ -S own.socket ] || fail "a killed client's file is not there"
	expect "the echo" ABC "$(echo abc | "$P" -c own.socket "$ADDR")"
	no_file own.socket
	allow_stderr
	stop
}

