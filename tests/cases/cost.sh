# What a message and an idle client cost.

# One wait, one read and one write for each message; no epoll_ctl for clients that wait in the set.
#: select/server select/array_server poll/server epoll/lt_server epoll/et_server epoll/reactor_server
calls_for_a_message() {
	command -v strace >/dev/null || skip "no strace"
	# The address sanitizer looks for leaks with ptrace(2), as strace does, and only one of them can.
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o trace -e trace=network,desc "$P" -q 0 >out 2>err </dev/null &
	tracer=$!
	located
	peer ping "$ADDR" 200
	kill "$(peer children $tracer)"
	ends 0 $tracer
	# The calls between the 50th and the 150th read.
	awk '/^recvfrom/ { n++ } n >= 50 && n < 150 { print $1 }' trace | sed 's/(.*//' | sort | uniq -c |
		awk '{ print $2, $1 }' >calls
	sed -e 's/^\(select\|pselect6\|poll\|ppoll\|epoll_wait\|epoll_pwait\) /wait /' calls | sort >seen
	expect "calls for 100 messages" "recvfrom 100 sendto 100 wait 100" "$(paste -sd ' ' seen)"
}

# Tables grow with the clients and not with the limit of descriptors.
#: mtserver/server event
tables_by_clients() {
	start -q
	hold 3
	much=$(kib "$PID")
	let_go
	stop
	start_with limit 64 -- -q
	hold 3
	little=$(kib "$PID")
	let_go
	stop
	[ "$much" -le $((little + 512)) ] || [ -n "${SAN:-}" ] ||
		fail "$much KiB without a limit, $little KiB with 64 descriptors"
}

# dirty: the bytes of memory that are the server's own.
dirty() {
	awk '/^Private_Dirty:/ { print 1024 * $2 }' "/proc/$PID/smaps_rollup"
}

#: poll/server epoll/lt_server epoll/et_server epoll/reactor_server full 600s
idle_is_cheap() {
	start -q
	peer row "$ADDR" 20
	before=$(dirty)
	hold 10000
	each=$((($(dirty) - before) / 10000))
	[ "$each" -le 96 ] || fail "$each bytes for each idle client"
	let_go
	stop
}

# ticks_for N: the CPU time that the server uses for N messages of one client.
ticks_for() {
	used=$(ticks "$PID")
	peer ping "$ADDR" "$1"
	echo $(($(ticks "$PID") - used))
}

# A message costs no more among as many idle clients as there can be than among ten. (In poll/server
# it costs some hundred times as much.)
#: epoll/lt_server epoll/et_server epoll/reactor_server full 600s
idle_costs_no_time() {
	limit=$(awk '/^Max open files/ { print $5 }' /proc/self/limits)
	[ "$limit" -ge 19100 ] || skip "the hard limit of descriptors is $limit"
	start -q
	hold 10
	few=$(ticks_for 10000)
	let_go
	hold 19000
	many=$(ticks_for 10000)
	[ "$many" -le $((5 * few + 50)) ] || fail "10,000 messages: $few ticks among 10 clients, $many among 19000"
	let_go
	stop
}
