# DESIGN: no client can end, stall or bloat a server.

# usage: descriptors, threads and processes of the server, all together.
usage() {
	for pid in $PID $(peer children "$PID"); do
		ls "/proc/$pid/fd" "/proc/$pid/task" 2>/dev/null || :
	done | wc -l
}

# settled USAGE: waits until it is that again.
settled() {
	wait_until "descriptors, threads and processes were $1" is_usage "$1"
}

is_usage() {
	saw=$(usage)
	[ "$saw" -eq "$1" ] || # the thread sanitizer starts a thread of its own
		{ [ -n "${SAN:-}" ] && [ "$saw" -eq $(($1 + 1)) ]; }
}

# No zombie is left: a client has gone when its process has been waited for.
no_zombies() {
	for pid in $(peer children "$PID"); do
		! grep -q '^State:.*zombie' "/proc/$pid/status" 2>/dev/null || echo "$pid"
	done
}

resident() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$PID/status"
}

# One connection after another leaves descriptors, threads, processes and memory where they were.
one_after_another() {
	start -q
	at_rest=$(usage)
	peer row "$ADDR" 20
	settled "$at_rest"
	memory=$(resident)
	peer row "$ADDR" "$1"
	settled "$at_rest"
	grown=$(($(resident) - memory))
	[ "$grown" -lt 1024 ] || [ -n "${SAN:-}" ] || fail "memory grew by $grown KiB"
	stop
	expect "connections" "$((20 + $1))" "$(served | cut -d' ' -f1)"
}

#: one concurrent crew event
row() {
	one_after_another 500
}

#: one concurrent crew event full
long_row() {
	one_after_another 10000
}

#: concurrent event
crowd() {
	start
	peer crowd "$ADDR" 200
	stop
	expect "connections" 200 "$(served | cut -d' ' -f1)"
}

#: mtserver/server unix/stream_server poll/server epoll/lt_server epoll/et_server epoll/reactor_server threadpool/server libevent/server full
crowd_of_5000() {
	start -q
	peer crowd "$ADDR" 5000
	stop
	expect "connections" 5000 "$(served | cut -d' ' -f1)"
}

#: mpserver/server full
crowd_of_1000() {
	start -q
	at_rest=$(usage)
	peer crowd "$ADDR" 1000
	settled "$at_rest"
	expect "zombies" '' "$(no_zombies)"
	stop
	expect_like "processes" '.* 1001 processes' "$(tail -n 1 out)"
}

# More clients than workers: the rest wait their turn and all are served.
#: one crew
turns() {
	start
	peer turns "$ADDR" 100
	stop
	expect "connections" 100 "$(served | cut -d' ' -f1)"
}

#: one concurrent crew event
connect_and_leave() {
	start
	peer touch "$ADDR" 300
	expect "the echo afterwards" ABC "$(echo abc | copy)"
	stop
}

# A reset ends that client only.
#: one concurrent crew event
reset() {
	start
	peer reset "$ADDR"
	await out '^client .* reset, [0-9]+ bytes'
	expect "the echo afterwards" ABC "$(echo abc | copy)"
	stop
}

#: concurrent crew event
silent_client() {
	start
	mkfifo in
	peer hold "$ADDR" 1 <in >held &
	exec 3>in
	await held 'held 1'
	expect "the echo beside it" ABC "$(echo abc | copy)"
	exec 3>&-
	wait $!
	stop
}

# A client that sends and never reads: it is held up, and the others are served as before.
#: concurrent crew event
never_reads() {
	start -q
	peer stuck "$ADDR" >stuck &
	await stuck 'stuck [0-9]+'
	if [ "$KIND" = crew ]; then
		peer turns "$ADDR" 20
	else
		peer crowd "$ADDR" 20
	fi
	# What it sent and what it was sent fill the kernel's buffers, and one buffer of the server's.
	stands_still "$PID"
	memory=$(resident)
	[ "$memory" -lt 20000 ] || [ -n "${SAN:-}" ] || fail "the server holds $memory KiB"
	stop
}

#: concurrent crew event
flooder() {
	start -q
	peer flood "$ADDR" >flooding &
	flooder=$!
	await flooding flooding
	peer ping "$ADDR" 200
	kill -0 "$flooder" || fail "the flooder has ended"
	kill "$flooder"
	stop
}

# The parent reaps all, from the first child on.
#: mpserver/server
zombies() {
	start
	at_rest=$(usage)
	peer row "$ADDR" 20
	settled "$at_rest"
	expect "zombies" '' "$(no_zombies)"
	stop
}

# No descriptor for a new client: said once, those that are there are served, nothing spins, and the
# new ones are served when there is room.
#: one concurrent crew event
descriptors_run_out() {
	allow_stderr
	start -q
	mkfifo in
	if [ "$KIND" != one ]; then
		"$BIN/tests/peer" hold "$ADDR" 1 <in >held &
		exec 3>in
		await held 'held 1'
	fi
	limited=$PID
	[ "$PROGRAM" != mpserver/prefork_server ] || limited="$PID $(peer children "$PID")"
	for pid in $limited; do
		n=0
		while [ -e "/proc/$pid/fd/$n" ]; do n=$((n + 1)); done
		peer limit "$pid" "$n"
	done
	"$BIN/tests/peer" turns "$ADDR" 20 &
	waiting=$!
	await err 'accept: Too many open files \(EMFILE\)'
	stands_still "$PID"
	for pid in $limited; do
		peer limit "$pid" 100
	done
	wait "$waiting"
	exec 3>&-
	[ "$(grep -c 'accept:' err)" -le 4 ] || fail "not said once"
	stop
}

# No memory for another page: those that are there are served all the same.
#: event
memory_runs_out() {
	[ -z "${SAN:-}" ] || skip "a sanitizer takes memory as it goes"
	allow_stderr
	start -q
	peer no-memory "$PID"
	expect "the echo" ABC "$(echo abc | copy)"
	stop
}

#: mpserver/prefork_server
worker_replaced() {
	start -w 2
	crew_of 2
	victim=$(peer children "$PID" | head -n 1)
	kill -KILL "$victim"
	peer gone "$victim"
	crew_of 2 "$victim"
	mkfifo in
	"$BIN/tests/peer" hold "$ADDR" 2 <in >held &
	exec 3>in
	await held 'held 2'
	exec 3>&-
	stop
}
