# Descriptors that are passed: unix/pass_server and unix/pass_worker, and a server that takes the place
# of another one. What any server must do is tested in the other files, with two workers.

# start_alone: the server, without a worker.
start_alone() {
	NO_WORKERS=1
	start
}

# worker NAME [HOW...]: WORKER, whose log is the file NAME; the server knows it.
worker() {
	log=$1
	known=$(log_lines '^workers: ')
	shift
	"$@" "$BIN/unix/pass_worker" >"$log" 2>"$log.err" </dev/null &
	WORKER=$!
	wait_until "the server does not see $log" has_logged $((known + 1)) '^workers: '
}

# type_to NAME: a client that stays. Its terminal is descriptor 3, its output NAME, its pid CLIENT.
type_to() {
	rm -f in
	mkfifo in
	# shellcheck disable=SC2086 # several words
	"$BIN/mtserver/client" $WHERE <in >"$1" 2>"$1.err" 3>&- &
	CLIENT=$!
	exec 3>in
	echo abc >&3
}

# closing_line FILE: "CONNECTIONS BYTES" of the closing line there.
closing_line_of() {
	sed -n '$s/^served \([0-9]*\) connections, \([0-9]*\) bytes.*/\1 \2/p' "$1"
}

# Clients go to the workers in turn. The server counts them and sees none of their bytes; it ends, and
# its workers end with it.
#: unix/pass_server
passed_in_turn() {
	start_alone
	worker one
	one=$WORKER
	worker two
	for _ in 1 2 3 4 5 6; do
		serves
	done
	kill "$PID"
	ended
	ends 0 "$one"
	ends 0 "$WORKER"
	expect 'the server served' '6 0' "$(served)"
	expect 'the first worker served' '3 12' "$(closing_line_of one)"
	expect 'the second worker served' '3 12' "$(closing_line_of two)"
	no_file pass.socket
}

# What a worker has received does not stay open in programs that it might start (O_CLOEXEC is 02000000).
#: unix/pass_server
received_close_on_exec() {
	start_alone
	worker one
	descriptors_of "$WORKER" >before
	type_to client
	await client ABC
	received=$(descriptors_of "$WORKER" | comm -13 before -)
	expect_like 'the flags of what was received' 'flags:.*02[0-9]{6}' "$(grep '^flags' "/proc/$WORKER/fdinfo/$received")"
	stop
}

descriptors_of() {
	for fd in "/proc/$1/fd/"*; do echo "${fd##*/}"; done | sort
}

# Without a worker a client waits, and the server rests. The next worker serves it.
#: unix/pass_server
without_worker() {
	start_alone
	type_to waiting
	stands_still "$PID"
	expect 'passed on' 0 "$(log_lines ' passed on$')"
	worker late
	await waiting ABC
	kill "$WORKER"
	ends 0 "$WORKER"
	await out '^workers: 0'
	type_to again
	worker later
	await again ABC
	stop
}

# A worker that is killed loses its own clients. The others don't notice, and new clients are served.
#: unix/pass_server
worker_killed() {
	start_alone
	worker one
	type_to lost
	await lost ABC
	lost=$CLIENT victim=$WORKER
	exec 4>&3
	worker two
	type_to kept # by the second worker: it is its turn
	await kept ABC
	grep -q ' connected$' two || fail "not in turn"
	kill -KILL "$victim"
	peer gone "$victim"
	ends 1 "$lost"
	peer row "$ADDR" 20
	echo def >&3
	await kept DEF
	stop
}

# A worker that is stopped gets only as many clients as its queue holds. All later ones are served by
# the others; and when it goes on, it serves those that have waited.
#: unix/pass_server
worker_stopped() {
	start_alone
	worker one
	stopped=$WORKER
	worker two
	kill -STOP "$stopped"
	peer touch "$ADDR" 60
	wait_until 'clients passed on' has_logged 60 ' passed on$'
	expect 'served by the stopped one' 0 "$(grep -c ' connected$' one)"
	peer row "$ADDR" 20
	kill -CONT "$stopped"
	await one ' connected$'
	peer row "$ADDR" 20
	stop
	[ "$(grep -c ' connected$' two)" -ge 60 ] || fail 'the stopped worker got too many'
}

# When all workers are stopped the next client waits, and the server rests until one goes on.
#: unix/pass_server
all_workers_stopped() {
	start_alone
	worker one
	kill -STOP "$WORKER"
	peer touch "$ADDR" 30
	type_to waiting
	stands_still "$PID"
	kill -CONT "$WORKER"
	await waiting ABC
	stop
}

# A worker that has no descriptor for the next client reports it once and takes no more. None is lost:
# the other worker gets them, and without another they wait. Only the client for which the worker has
# looked already, before the limit, is lost.
#: unix/pass_server
worker_out_of_descriptors() {
	start_alone
	worker one
	type_to first
	await first ABC
	n=0
	while [ -e "/proc/$WORKER/fd/$n" ]; do n=$((n + 1)); done
	peer limit "$WORKER" "$n"
	expect_exit 1 copy <<-end
		abc
	end
	grep -q "^unix/pass_worker: 0 of 1 descriptors have come with '127.0.0.1:[0-9]*'\$" one.err ||
		fail "the loss is not reported: $(cat one.err)"
	"$PEER" turns "$ADDR" 20 &
	waiting=$!
	await one.err '^unix/pass_worker: dup: [^:]+ \(EMFILE\)$'
	stands_still "$WORKER"
	other=$WORKER
	worker two
	wait_until 'served by the other one' is_served_by two
	peer limit "$other" 100
	ends 0 "$waiting"
	[ "$(wc -l <one.err)" -le 5 ] || fail "not reported once: $(cat one.err)"
	stop
}

is_served_by() {
	saw=$(grep -c ' connected$' "$1")
	[ "$saw" -gt 0 ]
}

# No thread for a client costs this client only.
#: unix/pass_server
worker_out_of_threads() {
	needs_notifications
	start_alone
	worker one "$BIN/tests/rules_peer" fault fork EAGAIN short
	type_to first
	await first ABC
	: >short
	expect_exit 1 copy <<-end
		abc
	end
	rm short
	grep -q '^unix/pass_worker: pthread_create: .*(EAGAIN)$' one.err || fail "not reported: $(cat one.err)"
	serves
	echo def >&3
	await first DEF
	stop
}

# SIGINT and SIGTERM end a worker with its closing line, and cut its clients off. The server goes on.
#: unix/pass_server
worker_ends() {
	start_alone
	for signal in INT TERM; do
		worker one
		type_to client
		await client ABC
		kill -$signal "$WORKER"
		ends 0 "$WORKER"
		expect_like 'the closing line' "$CLOSING" "$(tail -n 1 one)"
		expect 'it served' '1 4' "$(closing_line_of one)"
		ends 1 "$CLIENT"
	done
	stop
}

#: unix/pass_worker
worker_without_server() {
	expect_exit 1 "$P" nowhere
	expect_error 'connect nowhere' ENOENT
}

# take_over N [OPTIONS]: a second server on the same path. Its log is the file N; PID is the new one.
take_over() {
	log=$1 before=$PID
	shift
	"$P" "$@" 0 >"$log" 2>"$log.err" </dev/null 3>&- &
	PID=$!
	await "$log" '^listening on '
	expect 'it listens on' "listening on $ADDR" "$(head -n 1 "$log")"
	ends 0 "$before"
	[ ! -s "$log.err" ] || fail "the new server complained: $(cat "$log.err")"
}

# A second server on the path gets the listening sockets, and the first one ends. Clients that connect
# all the while are served, those that are there stay, and the path is still there.
#: unix/pass_server 60s
server_replaced() {
	start
	type_to stays
	await stays ABC
	"$PEER" row "$ADDR" 1500 2>row.err &
	row=$!
	connections=0
	for n in 1 2 3 4 5; do
		old=$((n - 1))
		wait_until 'clients served meanwhile' served_meanwhile $((n * 100))
		[ $old -ne 0 ] || old=out
		take_over $n
		counted=$(sed -n 's/^served \([0-9]*\) connections, 0 bytes;.*/\1/p' $old)
		connections=$((connections + counted))
	done
	kill -0 $row || fail "the clients had come before: $(cat row.err)"
	ends 0 $row
	echo def >&3
	await stays DEF
	exec 3>&-
	ends 0 "$CLIENT"
	[ -S pass.socket ] || fail 'the path is gone'
	kill "$PID"
	ends 0 "$PID"
	counted=$(sed -n 's/^served \([0-9]*\) connections, 0 bytes;.*/\1/p' 5)
	expect 'passed on by all six' 1501 $((connections + counted))
	for worker in ${WORKERS:-}; do
		ends 0 "$worker"
	done
	no_file pass.socket
}

served_meanwhile() {
	kill -0 "$row" 2>/dev/null || fail "a client was not served: $(cat row.err)"
	has_logged "$1" ' closed, '
}

# A second server that does not get the sockets ends with a line, and the first one goes on.
#: unix/pass_server
take_over_fails() {
	[ -z "${SAN:-}" ] || skip 'a sanitizer needs descriptors of its own'
	start
	expect_exit 1 rules limit 4 "$P" 0
	expect_like 'the first line' "$PROGRAM: [01] of 2 descriptors have come with 'listen'" "$(head -n 1 stderr)"
	expect 'the reason' "$PROGRAM: no sockets came from pass.socket" "$(tail -n 1 stderr)"
	serves
	[ -S pass.socket ] || fail 'the path is gone'
	stop
}

# On another path it is another server, and the port is taken.
#: unix/pass_server
other_path() {
	start
	expect_exit 1 within 8 "$P" -c other.socket "${ADDR##*:}"
	expect_error "bind $ADDR" EADDRINUSE
	no_file other.socket
	serves
	stop
}

# A path that another program uses, and a file that is no socket, stay. A killed server's path is
# replaced. Only its owner may use the path.
#: unix/pass_server
pass_path() {
	umask 0
	echo precious >file
	expect_exit 1 "$P" -c file 0
	expect_reason 'bind file: there is a file that is no socket'
	expect 'the file' precious "$(cat file)"
	"$BIN/unix/stream_server" live.socket >live &
	await live '^listening'
	expect_exit 1 within 8 "$P" -c live.socket 0
	expect_error 'bind live.socket' EADDRINUSE
	kill $!
	start
	kill -KILL "$PID"
	ends 137 "$PID"
	for worker in ${WORKERS:-}; do
		ends 0 "$worker"
	done
	[ -S pass.socket ] || fail 'the file of a killed server is not there'
	start
	expect_like "the file's mode" 'srwx------.*' "$(ls -l pass.socket)"
	serves
	stop
	no_file pass.socket
}

# It hands over to one new server at a time, and ends only for one that has got its sockets.
#: unix/pass_server
one_heir() {
	start
	unix_peer heirs ./pass.socket
	serves
	stop
}

#: suite
unit_pass() {
	"$BIN/tests/unit_pass" >out || fail "$(grep FAIL out)"
}
