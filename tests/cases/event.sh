# Event loops: nothing blocks but the wait, the end is never lost, idle clients are nearly free.

events() {
	"$BIN/tests/event_peer" "$@"
}

# Data and the end that are queued together arrive as one event, and no second one comes.
#: event -threadpool/server
end_queued_with_data() {
	start
	seen=$(within 20 "$BIN/tests/event_peer" queued "$ADDR" "$PID" "and that was all")
	expect "the echo" "AND THAT WAS ALL
AND THAT WAS ALL" "$seen"
	stands_still "$PID"
	stop
}

# A read stops at urgent data, so that it comes back short with more behind it.
#: event
urgent_data() {
	start
	for text in 'before!after' 'all before!' '!all after'; do
		want=$(echo "$text" | tr -d '!' | tr a-z A-Z)
		seen=$(within 20 "$BIN/tests/event_peer" urgent "$ADDR" "$PID" "$text")
		expect "the echo of $text" "$want
$want" "$seen"
	done
	stop
}

# An urgent byte that nobody reads keeps no loop busy.
#: event
urgent_data_waits() {
	start
	mkfifo in
	"$BIN/tests/event_peer" keep "$ADDR" 'hello!' <in >kept &
	exec 3>in
	await kept '^HELLO$'
	stands_still "$PID"
	exec 3>&-
	stop
}

# One wake-up, many clients: each is answered.
#: event
ready_together() {
	start -q
	within 30 "$BIN/tests/event_peer" together "$ADDR" "$PID" 300
	expect "the echo afterwards" ABC "$(echo abc | copy)"
	stop
}

# 200 clients in 64 descriptors: all are served in the end.
#: event
descriptors_64() {
	allow_stderr
	start -q
	peer limit "$PID" 64
	"$BIN/tests/peer" turns "$ADDR" 200 &
	waiting=$!
	await err 'EMFILE'
	wait "$waiting"
	stop
	expect "connections" 200 "$(served | cut -d' ' -f1)"
}

# While 64 descriptors are taken by silent clients a loop that is out of them does not spin.
#: event
no_room_no_spin() {
	allow_stderr
	start -q
	peer limit "$PID" 64
	mkfifo in
	"$BIN/tests/peer" hold "$ADDR" 40 <in >held &
	exec 3>in
	await held 'held 40'
	mkfifo more
	"$BIN/tests/peer" hold "$ADDR" 50 <more >held_more 3>&- &
	waiting=$!
	exec 4>more
	await err 'EMFILE'
	stands_still "$PID"
	exec 3>&-
	await held_more 'held 50'
	exec 4>&-
	wait "$waiting"
	stop
}

# What select cannot hold is refused with a line each; those it has are served.
#: select/server select/array_server
beyond_select() {
	allow_stderr
	start -q
	mkfifo in
	"$BIN/tests/event_peer" refused "$ADDR" 1100 <in >refused &
	exec 3>in
	await refused ' refused$'
	n=$(sed 's/ .*//' refused)
	[ "$n" -ge 77 ] || fail "only $n of 1100 refused"
	[ "$n" -lt 150 ] || fail "$n of 1100 refused"
	expect "lines about it" "$n" "$(grep -c '^select/.* refused, descriptor 1[0-9]*: .*(EMFILE)$' err)"
	expect "lines in all" "$n" "$(wc -l <err)"
	exec 3>&-
	wait $!
	until [ "$(find "/proc/$PID/fd" -mindepth 1 | wc -l)" -lt 100 ]; do :; done
	expect "the echo afterwards" ABC "$(echo abc | copy)"
	stop
	expect "connections" "$((1100 - n + 1))" "$(served | cut -d' ' -f1)"
}

# dirty: the bytes of memory that are the server's own.
dirty() {
	awk '/^Private_Dirty:/ { print 1024 * $2 }' "/proc/$PID/smaps_rollup"
}

#: poll/server epoll/lt_server epoll/et_server epoll/reactor_server full
idle_is_cheap() {
	start -q
	peer row "$ADDR" 20
	before=$(dirty)
	mkfifo in
	"$BIN/tests/peer" hold "$ADDR" 10000 <in >held &
	exec 3>in
	await held 'held 10000'
	each=$((($(dirty) - before) / 10000))
	[ "$each" -le 96 ] || fail "$each bytes for each idle client"
	exec 3>&-
	wait $!
	stop
}

# An active client among as many idle ones as there can be is answered as among ten.
#: epoll/lt_server epoll/et_server epoll/reactor_server full
idle_costs_no_time() {
	limit=$(awk '/^Max open files/ { print $5 }' /proc/self/limits)
	[ "$limit" -ge 19100 ] || skip "the hard limit of descriptors is $limit"
	start -q
	mkfifo in in2
	"$BIN/tests/peer" hold "$ADDR" 10 <in >held &
	ten=$!
	exec 3>in
	await held 'held 10'
	few=$(events answer "$ADDR" 2000)
	"$BIN/tests/peer" hold "$ADDR" 19000 <in2 >held2 &
	exec 4>in2
	await held2 'held 19000'
	many=$(events answer "$ADDR" 2000)
	[ "$many" -le $((3 * few + 20)) ] || fail "answered in $few us among 10, $many us among 19000"
	exec 3>&- 4>&-
	wait "$ten" $!
	stop
}

# A stdout that takes nothing stops only what is for it: all of the input is sent.
#: select/client poll/client epoll/client
slow_stdout() {
	start_any -q
	mkfifo back
	head -c 1000000 /dev/zero >input
	client <input >back 2>client.err &
	exec 3<back
	# Nobody reads what comes back yet.
	wait_until 'bytes sent of 1000000' has_sent $! 1000000
	expect "bytes" 1000000 "$(head -c 1000000 <&3 | wc -c)"
	exec 3<&-
	wait $!
	stop
}

# has_sent PID BYTES: it has taken so many of its stdin, a file.
has_sent() {
	saw=$(sed -n 's/^pos:[^0-9]*//p' "/proc/$1/fdinfo/0")
	[ "$saw" -ge "$2" ]
}
