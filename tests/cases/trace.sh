# make trace: what it prints is true and in order, it says what is wrong, and nothing of it stays.

[ -z "${SAN:-}" ] || skip 'a sanitizer makes calls of its own'

# trace [NAME=VALUE]...: with the time for an answer short enough to be waited for.
trace() {
	mkdir -p tmp
	within 90 env TMPDIR="$PWD/tmp" "$@" "$TESTS/trace/run"
}

# shown [NAME=VALUE]...: it succeeds, and its timeline is in ./shown.
shown() {
	trace "$@" >shown 2>notes || fail "$*: $(cat shown notes)"
	[ ! -s notes ] || fail "$*: $(cat notes)"
	nothing_of_it_stays
}

nothing_of_it_stays() {
	expect "files that stay" '' "$(find tmp -mindepth 1)"
	expect "processes that stay" '' "$(grep -alsF "TMPDIR=$PWD/tmp" /proc/[0-9]*/environ || :)"
}

# rows PATTERN: how many rows of ./shown are like that.
rows() {
	grep -Ec -- "$1" shown || :
}

# in_order: each cause before its effect.
in_order() {
	awk -f "$TESTS/trace/rows.awk" -f "$TESTS/trace/causes.awk" shown >wrong ||
		fail "$(cat wrong): $(cat shown)"
}

# The program under test and one that fits. Both lines come through, in both directions.
traced() {
	case $PROGRAM in
	*server) set -- A="$PROGRAM" "$@" ;;
	udp/reliable_client) set -- A=udp/server B="$PROGRAM" "$@" ;;
	unix/stream_client | udp/* | multicast/* | unix/*) set -- A="${PROGRAM%client}server" B="$PROGRAM" "$@" ;;
	*) set -- A=poll/server B="$PROGRAM" "$@" ;;
	esac
	numbers=''
	[ "$PROGRAM" != udp/reliable_client ] || numbers='[12][.]1 ' # before each line
	shown I='one|two' "$@"
	in_order
	for line in one two; do
		expect "the client's $line" 1 "$(rows "^.{9}[^ ].*\"$numbers$line\\\\n\".* -->\$")"
		expect "the server's $line" 1 "$(rows "<-- .*\"$numbers$(echo $line | tr a-z A-Z)\\\\n\"")"
	done
}

#: poll/server mpserver/server threadpool/server udp/server libevent/server 120s
trace_in_order() {
	traced
}

#: stream datagram group full 600s
trace_in_order_with_all() {
	traced
}

# When others take the processor, and more often where processes and threads race.
# (What uring/server sends and receives is not seen.)
#: one concurrent crew event full 600s -uring/server
trace_in_order_when_busy() {
	while :; do :; done &
	times='1 2 3'
	case $PROGRAM in
	mpserver/server | threadpool/server) times='1 2 3 4 5 6 7 8 9 10' ;;
	esac
	for _ in $times; do
		traced
	done
}

# A descriptor that is passed: from then on another process has the connection, and its close ends it.
#: unix/pass_server 120s
trace_passed() {
	traced
	expect "what is sent" 1 "$(rows '\[server\] sendmsg\(6:peer, .*, descriptor 7:client\) = [0-9]+$')"
	expect "what comes" 1 "$(rows '\[worker\] .*recvmsg.* = [0-9]+ "127[^ ]*, descriptor 4$')"
	expect "the server's close" 1 "$(rows ' {4}\[server\] close\(7:client\)$')"
	expect "the worker's close" 1 "$(rows '<-- \[thread 1\] close\(4:client\)$')"
}

# A half-close: each side sends its end once. The client's last close sends nothing any more, and of
# the two copies that a fork makes only the last close does.
#: suite 120s
trace_half_close() {
	shown A=poll/server B=poll/client
	expect "the client's end" 1 "$(rows 'shutdown\(3:server, SHUT_WR\) +-->$')"
	expect "the server's end" 1 "$(rows '<-- close\([0-9]:client\)$')"
	expect "the client's close" 1 "$(rows '^.{9}close\(3:server\)$')"
	shown A=mpserver/server B=select/client
	expect "the parent's close" 1 "$(rows ' {4}\[parent\] close\([0-9]:client\)$')"
	expect "the child's end" 1 "$(rows '<-- \[child 1\] exit\(0\), closes 4:client$')"
	shown A=mpserver/server B=tcp/hello_client
	expect "ten messages" 10 "$(rows 'write\(3:server, .* -->')"
}

# Commands of one's own; without a client one that fits the server's socket.
#: suite full 600s
trace_own_commands() {
	shown A="'$BIN/poll/server' -q {port}" B="'$BIN/mtserver/client' {host} {port}"
	in_order
	shown A='poll/server -a ::1' B=poll/client
	for pair in 'poll/server -q {port}:poll/client' 'udp/server -q {port}:udp/client' \
		'unix/stream_server -q {path}:unix/stream_client' 'unix/dgram_server -q {path}:unix/dgram_client'; do
		shown A="'$BIN/'${pair%:*}"
		in_order
		expect_like "the client" " +ms  ${pair#*:} .*" "$(head -n 1 shown)"
	done
}

# The same as a diagram.
#: suite 120s
trace_mermaid() {
	shown A=mpserver/server B=select/client M=1
	expect "the arrows" 'C1->>S1: connect(3:server,
C1->>S2: write(3:server,
S2->>C1: write(4:client,
C1->>S2: shutdown(3:server,
S2->>C1: exit(0),' "$(sed -n 's/^ *\([CS][12]->>[^ ]* [^ ]*\).*/\1/p' shown)"
	awk -f "$TESTS/trace/mermaid_rows.awk" shown | awk -f "$TESTS/trace/rows.awk" -f "$TESTS/trace/sequences.awk" >diagram
	shown A=mpserver/server B=select/client
	awk -f "$TESTS/trace/rows.awk" -f "$TESTS/trace/sequences.awk" shown >timeline
	cmp diagram timeline || fail "$(diff diagram timeline)"
}

# As wide as asked for; colours on a terminal only, and not with NO_COLOR.
#: suite full 600s
trace_fits() {
	shown A=mpserver/prefork_server I=abcdefghijklmnopqrstuvwxyz COLUMNS=70
	expect "lines over 70 characters" 0 "$(rows '.{71}')"
	expect "results that are cut off" 6 "$(rows '(write|read).*= 27')"
	escape=$(printf '\033')
	expect "lines with colours" 0 "$(rows "$escape")"
	for no in '' 1; do
		A=poll/server NO_COLOR=$no TMPDIR=$PWD/tmp within 90 script -qec "stty cols 80; '$TESTS/trace/run'" /dev/null >shown
		expect "lines over 80 characters" 0 "$(sed "s/$escape\[[0-9]*m//g" shown | grep -Ec '.{82}' || :)"
		if [ -z "$no" ]; then
			[ "$(rows "$escape\[36m.*connect")" -eq 1 ] || fail "no colour: $(cat shown)"
		else
			expect "lines with colours" 0 "$(rows "$escape\[3")"
		fi
	done
	nothing_of_it_stays
}

# failed REASON [NAME=VALUE]...: exit 1, and the reason is a line of its stderr.
failed() {
	reason=$1
	shift
	expect_exit 1 trace ANSWER_SECONDS=1 "$@"
	grep -Eqx -- "$reason" stderr || fail "$*: expected '$reason', saw: $(cat stderr)"
	nothing_of_it_stays
}

#: suite 120s
trace_says_what_is_wrong() {
	failed 'make trace: A names the server: .*' A=
	failed 'make trace: no/server is not in tests/programs, .*' A=no/server
	failed 'make trace: ./mine is not in tests/programs, and a command of your own needs .*' A=./mine
	failed 'make trace: true is not in tests/programs, .*' A=poll/server B=true
	failed 'make trace: false {port} has ended before it listened' A='false {port}'
	failed 'make trace: sleep 10{port} has no socket on port .* after 1 s' A='sleep 10{port}'
	failed "poll/server: unknown option: '-z'" A='poll/server -z'
	failed '.*no_such_command.*' A='./no_such_command {port}'
	failed '.*poll/client: connect 127.0.0.1:1: Connection refused .ECONNREFUSED.' A=poll/server B="poll/client {host} 1"
	expect_like "the failed call" '.* connect\(3:server, 127.0.0.1:1\) = -1 ECONNREFUSED' \
		"$(grep connect stdout)"
}

# A pair that stalls is shown as far as it came: this server leaves a byte in its socket.
#: suite full 600s
trace_stalled() {
	failed "make trace: epoll/client has printed no answer to 'Hello' within 1 s" \
		A='epoll/trigger_server -m et' B=epoll/client
	expect "the server's message" 1 "$(grep -c '<-- write(.*"HELLO"' stdout)"
	failed 'make trace: sleep 10{port} has not ended within 1 s of the end of its input' A=poll/server \
		B='sleep 10{port}'
}

#: suite 120s
trace_without_strace() {
	mkdir tools denied
	for tool in dirname realpath; do
		ln -s "$(command -v $tool)" tools
	done
	failed 'make trace: this needs strace: apt-get install strace' A=poll/server PATH="$PWD/tools"
	printf '#!/bin/sh\necho "strace: attach: Operation not permitted" >&2\nexit 1\n' >denied/strace
	chmod +x denied/strace
	failed 'make trace: strace may not trace here: strace: attach: Operation not permitted' A=poll/server \
		PATH="$PWD/denied:$PATH"
}

# Ended in the middle, as Ctrl-C and kill do.
#: suite 120s
trace_interrupted() {
	mkdir tmp
	A='epoll/trigger_server -m et' B=epoll/client TMPDIR=$PWD/tmp "$TESTS/trace/run" >stdout 2>stderr &
	trace=$!
	wait_until "nothing was typed" sh -c 'ls tmp/*/typed >/dev/null 2>&1'
	kill -TERM $trace
	peer gone $trace
	status=0
	wait $trace || status=$?
	expect "the exit status" 130 "$status"
	nothing_of_it_stays
}

# What strace may print and nobody knows is passed over; a call that is cut off is no row.
#: suite 120s
trace_passes_over() {
	mkdir traces
	cat >traces/S.7 <<-'END'
		1700000000.100000 execve("poll/server", ["poll/server"], 0x7f /* 9 vars */) = 0 <0.000500>
		1700000000.200000 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3 <0.000010>
		1700000000.300000 listen(3, 128) = 0 <0.000010>
		1700000000.400000 accept(3, {sa_family=AF_INET, sin_port=htons(5), sin_addr=inet_addr("127.0.0.1")}, [128 => 16]) = 4 <0.100000>
		1700000000.500100 recvfrom(4, "a) = 1", 99, 0, NULL, NULL) = 6 <0.000100>
		1700000000.600000 close(4) = 0 <0.000010>
		1700000000.610000 accept(3, 0x7f, [16]) = ? ERESTARTSYS (To be restarted if SA_RESTART is set) <0.000100>
		1700000000.700000 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=1, si_uid=0} ---
	END
	cat >traces/C.9 <<-'END'
		1700000000.450000 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3 <0.000010>
		1700000000.460000 connect(3, {sa_family=AF_INET, sin_port=htons(4), sin_addr=inet_addr("127.0.0.1")}, 16) = 0 <0.000010>
		1700000000.500150 sendto(3, "a) = 1", 6, 0, NULL, 0) = 6 <0.000400>
	END
	print_them >plain
	expect "the rows" '     ms  client                               server
    0.0                                       socket(AF_INET, SOCK_STREAM) = 3
  100.0                                       listen(3:listen)
  200.0                                       accept(3:listen) waits
  250.0  socket(AF_INET, SOCK_STREAM) = 3
  260.0  connect(3:server, 127.0.0.1:4)   -->
  300.1                                       ..accept = 4, from 127.0.0.1:5
  300.1  send(3:server, "a) = 1") = 6     -->
  300.2                                       recv(4:client) = 6 "a) = 1"
  400.0                                   <-- close(4:client)
  500.0                                       *** SIGTERM
  500.0                                       accept(3:listen) = interrupted' "$(cat plain)"
	sed 's/.* recvfrom/2 processes attached\n&/' traces/S.7 >garbled
	mv garbled traces/S.7
	cat >>traces/S.7 <<-'END'
		1700000000.700000 mystery(3, {a=1}) = 0 <0.000010>
		1700000000.710000 mystery() = ? <unavailable>
		1700000000.720000 epoll_ctl(99, EPOLL_CTL_ADD, 3, {events=EPOLLIN, data=0x3}) = 0 <0.000010>
		1700000000.730000 poll([{fd=77, events=POLLIN}], 1, 0) = 0 (Timeout) <0.000010>
		1700000000.740000 sendto(3, "x", 1
		1700000000.750000 ???
	END
	print_them >with
	cmp plain with || fail "$(diff plain with)"
}

print_them() {
	(cd traces && awk -f "$TESTS/trace/order.awk" S.* C.*) | LC_ALL=C sort -k1,1n -k2,2n |
		A=server B=client STAGE=none awk -v family=AF_INET -v width=95 \
			-f "$TESTS/trace/calls.awk" -f "$TESTS/trace/timeline.awk"
}
