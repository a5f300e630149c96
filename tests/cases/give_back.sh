# When clients have gone, no zombie is left, and descriptors, threads and memory are as before.

# usage: the number of descriptors, threads and processes of the server. A zombie counts too.
usage() {
	for pid in $PID $(peer children "$PID") ${WORKERS:-}; do
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

# one_after_another N: N connections.
one_after_another() {
	start -q
	peer row "$ADDR" 30 # an event loop opens its spare descriptor for its first client
	at_rest=$(usage)
	peer row "$ADDR" 20
	settled "$at_rest"
	before=$(kib "$PID")
	peer row "$ADDR" "$1"
	settled "$at_rest"
	not_above $((before + 1024)) "after $1 clients"
	stop
	expect "connections" "$((50 + $1))" "$(served | cut -d' ' -f1)"
}

#: servers
row() {
	one_after_another 300
}

#: servers full 600s
long_row() {
	one_after_another 10000
}

#: mpserver/server full 600s
crowd_of_1000() {
	start -q
	at_rest=$(usage)
	peer crowd "$ADDR" 1000
	settled "$at_rest"
	stop
	expect_like "processes" '.* 1001 processes' "$(tail -n 1 out)"
}

# Children that have ended are not counted as running.
#: mpserver/server
children_at_a_time() {
	start
	for _ in 1 2 3; do
		serves
		crew_of 0
	done
	stop
	expect_like 'the closing line' '.*, 2 processes' "$(tail -n 1 out)"
}

# Children that end together leave one SIGCHLD for all of them, and no zombie.
#: mpserver/server
children_end_together() {
	start
	hold 5
	kill -STOP "$PID"
	let_go
	kill -CONT "$PID"
	crew_of 0
	stop
}

# The server frees what it has kept for clients that did not read: a second wave needs no more memory.
#: event
second_wave() {
	start
	leavers 10
	before=$(kib "$PID")
	leavers 20
	not_above "$((before + 800))" 'after a second wave of ten that never read'
	stop
}

# leavers N: ten clients that never read come together and leave; N have left by then in all.
leavers() {
	fill_up 10
	kill "$FILLER"
	wait_until "seen to leave, of $1" has_logged "$1" '^client .* reset, '
}

# It frees it, too, while the client stays and has read all.
#: event
owed_given_back() {
	needs_notifications
	start_with halves --
	by_halves
	before=$(kib "$PID")
	by_halves
	not_above "$((before + 800))" 'after one that was sent 2 MB by halves'
	kill "$PID"
	ended
}

by_halves() {
	head -c 2000000 /dev/zero | copy | cmp -n 2000000 - /dev/zero
}
