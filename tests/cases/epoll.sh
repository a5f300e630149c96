# epoll: the reactor, and the experiment with level and edge triggering.
# shellcheck disable=SC2086 # WHERE is several words

#: suite
unit_reactor() {
	"$BIN/tests/unit_reactor" >said || fail "$(cat said)"
	[ "$(grep -c '^ok ' said)" -ge 30 ] || fail "too few checks: $(cat said)"
}

# A client that is silent for so long is closed, one that talks all the while is not.
#: epoll/reactor_server
idle_clients_closed() {
	start -t 1
	mkfifo in silence
	"$BIN/epoll/client" $WHERE <in >back &
	talking=$!
	exec 3>in
	began=$(date +%s%N)
	"$BIN/epoll/client" $WHERE <silence >silent 2>silent.err &
	exec 4>silence
	i=0
	wait_until "the silent client stays" talked_until_closed
	await silent.err 'the server closed before the input ended'
	exec 3>&-
	wait "$talking" || fail "the talking client was closed too"
	exec 4>&-
	elapsed=$((($(date +%s%N) - began) / 1000000))
	[ "$elapsed" -ge 1000 ] || fail "closed after $elapsed ms"
	stop
}

talked_until_closed() {
	i=$((i + 1))
	echo "line $i" >&3
	await back "^LINE $i\$"
	grep -q 'client .* closed' out
}

# Without -t silence ends nothing: nobody is closed, and the loop sleeps without an end.
#: epoll/reactor_server
idle_clients_stay() {
	start
	mkfifo in
	"$BIN/tests/peer" hold "$ADDR" 3 <in >held &
	exec 3>in
	await held 'held 3'
	expect "wake-ups in a second" 0 "$(peer wakeups "$PID")"
	expect "closed" 0 "$(log_lines closed)"
	exec 3>&-
	wait $!
	stop
}

# Who is slow to take what it is owed is not idle.
#: epoll/reactor_server
timeout_of_one_that_is_owed() {
	start -t 1
	within 60 "$BIN/tests/event_peer" slow "$ADDR" 4000000
	expect 'clients that were served' 1 "$(log_lines '^client .* closed, 4000000 bytes')"
	stop
}

# experiment MODE WANTED: two clients at once, three bursts each. What is seen is, for each client,
# what was read, with a bar for each event.
experiment() {
	start -m "$1"
	"$BIN/epoll/burst_client" -n 3 -s 0.3 $WHERE >other &
	"$BIN/epoll/burst_client" -n 3 -s 0.3 $WHERE >back || fail "not all came back"
	wait $! || fail "not all came back"
	for f in back other; do
		expect "what came back" "AAAA BBBB CCCC DDDD EEEE FFFF" "$(paste -sd ' ' $f)"
	done
	stop
	seen=$(awk '/^epoll_wait/ { bar = " |" }
		/^client/ && !/connected/ { sub(/:$/, "", $2); read[$2] = read[$2] bar " " $3; bar = "" }
		END { for (who in read) print substr(read[who], 2) }' out)
	expect "what each event gave" "$2
$2" "$seen"
}

#: epoll/trigger_server
level_triggered() {
	experiment lt '| aaaa\x0a | bbbb\x0a | cccc\x0a | dddd\x0a | eeee\x0a | ffff\x0a | closed,'
}

# The second half of each burst stays until the next one comes, and the last ones until the end.
#: epoll/trigger_server
edge_triggered() {
	experiment et '| aaaa\x0a | bbbb\x0a | cccc\x0a | dddd\x0a eeee\x0a ffff\x0a closed,'
}

#: epoll/trigger_server
edge_triggered_drained() {
	experiment drain '| aaaa\x0a bbbb\x0a | cccc\x0a dddd\x0a | eeee\x0a ffff\x0a | closed,'
}

# The end is read in every mode, though it is told together with data.
#: epoll/trigger_server
end_with_data() {
	for mode in lt et drain; do
		start -m $mode
		seen=$(within 20 "$BIN/tests/event_peer" queued "$ADDR" "$PID" "more than five bytes")
		expect "the echo with -m $mode" "MORE THAN FIVE BYTES
MORE THAN FIVE BYTES" "$seen"
		stop
	done
}

# A read must not block, but a write has to: nothing is lost to a client that is slow to read.
#: epoll/trigger_server
drained_slowly() {
	start -m drain -q
	within 60 "$BIN/tests/event_peer" late "$ADDR" 5000000
	stop
}

# Out of descriptors it still sees the end of those it has, and then takes the next.
#: epoll/trigger_server
descriptors_20() {
	allow_stderr
	start -m drain
	peer limit "$PID" 20
	"$BIN/tests/peer" turns "$ADDR" 40 &
	waiting=$!
	await err 'EMFILE'
	wait "$waiting"
	stop
}

#: epoll/trigger_server
unknown_mode() {
	expect_exit 2 "$P" -m edge 0
	grep -q "unknown mode: 'edge'" stderr || fail "stderr: $(cat stderr)"
}

# a to z in pairs, then a again; all must come back.
#: epoll/burst_client
bursts_wrap() {
	start_server "$BIN/epoll/trigger_server" -m drain -q
	expect_exit 0 "$P" -s 0.01 -n 14 $WHERE
	expect "line 25 to 28" "YYYY ZZZZ AAAA BBBB" "$(tail -n +25 stdout | paste -sd ' ')"
	stop
}

# One wait, one read and one write for each message; no epoll_ctl for those that wait in the set.
#: select/server select/array_server poll/server epoll/lt_server epoll/et_server epoll/reactor_server
calls_for_a_message() {
	command -v strace >/dev/null || skip "no strace"
	# Two tracers don't go together: the address sanitizer looks for leaks with ptrace(2) too.
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o trace -e trace=network,desc "$P" -q 0 >out 2>err </dev/null &
	tracer=$!
	await out '^listening on '
	located
	peer ping "$ADDR" 200
	PID=$(peer children $tracer)
	kill "$PID"
	wait "$tracer" || fail "exit status $?"
	# Between the 50th and the 150th read.
	awk '/^recvfrom/ { n++ } n >= 50 && n < 150 { print $1 }' trace | sed 's/(.*//' | sort | uniq -c |
		awk '{ print $2, $1 }' >calls
	sed -e 's/^\(select\|pselect6\|poll\|epoll_wait\|epoll_pwait\) /wait /' calls | sort >seen
	expect "calls for 100 messages" "recvfrom 100 sendto 100 wait 100" "$(paste -sd ' ' seen)"
}
