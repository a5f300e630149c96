# Out of descriptors, processes, threads or memory. Each shortage is reported once, the clients that
# are there are served, nothing spins, and new ones are served when there is room.

# start_short_of CALL ERROR: while the file "short" is there, the server's calls of that kind fail.
start_short_of() {
	needs_notifications
	allow_stderr
	start_with fault "$1" "$2" short --
}

descriptors() {
	find "/proc/$PID/fd" -mindepth 1 | wc -l
}

# limit_to_open PID...: these processes can open no more descriptors than they have.
limit_to_open() {
	for pid in "$@"; do
		n=0
		while [ -e "/proc/$pid/fd/$n" ]; do n=$((n + 1)); done
		peer limit "$pid" "$n"
	done
}

# A blocking server that has no descriptor for a new client tries again until it has one.
#: one concurrent crew
descriptors_run_out() {
	allow_stderr
	start -q
	[ "$KIND" = one ] || hold 1
	all=$(processes)
	# shellcheck disable=SC2086 # several words
	limit_to_open $all
	"$PEER" turns "$ADDR" 20 &
	waiting=$!
	await err "$(error_line accept EMFILE)"
	stands_still "$PID"
	for pid in $all; do
		peer limit "$pid" 100
	done
	ends 0 "$waiting"
	[ "$KIND" = one ] || let_go
	[ "$(grep -c 'accept:' err)" -le 4 ] || fail "not reported once"
	stop
}

# An event loop that has no descriptor for a new client refuses it at once: it accepts the client with
# the descriptor that it keeps in reserve, and closes it.
# (uring/server: see uring.sh)
#: event -uring/server
descriptors_run_out_refused() {
	allow_stderr
	start -q
	peer row "$ADDR" 30 # each loop opens its spare descriptor for its first client
	hold 1
	all=$(processes)
	# shellcheck disable=SC2086 # several words
	limit_to_open $all
	mkfifo in
	event_peer refused "$ADDR" 20 <in >refused 2>&1 &
	exec 3>in
	await refused '^20 refused$'
	sort -u err >once # once for each worker
	expect_error accept EMFILE once
	for pid in $all; do
		stands_still "$pid"
	done
	let_go
	for pid in $all; do
		peer limit "$pid" 100
	done
	serves
	stop
	expect 'connections' 32 "$(served | cut -d' ' -f1)"
}

# A client whose descriptor select cannot hold is refused with one line; the others are served.
#: select/server select/array_server
beyond_select() {
	allow_stderr
	start -q
	mkfifo in
	event_peer refused "$ADDR" 1100 <in >refused &
	exec 3>in
	await refused ' refused$'
	n=$(sed 's/ .*//' refused)
	[ "$n" -ge 77 ] || fail "only $n of 1100 refused"
	[ "$n" -lt 150 ] || fail "$n of 1100 refused"
	expect "lines about it" "$n" "$(grep -c '^select/.*: select cannot hold descriptor 1[0-9]*$' err)"
	expect "lines in all" "$n" "$(wc -l <err)"
	exec 3>&-
	wait $!
	wait_until 'descriptors stay open' has_descriptors_below 100
	serves
	stop
	expect "connections" "$((1100 - n + 1))" "$(served | cut -d' ' -f1)"
}

has_descriptors_below() {
	saw=$(descriptors)
	[ "$saw" -lt "$1" ]
}

# A server that scales lifts its own soft limit of descriptors.
#: mtserver/server event
descriptor_limit_raised() {
	soft=$(awk '/^Max open files/ { print $4 }' /proc/$$/limits)
	peer limit $$ 40
	start -q
	peer limit $$ "$soft"
	peer crowd "$ADDR" 100
	stop
	expect 'connections' 100 "$(served | cut -d' ' -f1)"
}

# Without a single descriptor to spare poll(2) fails too: the server neither spins, nor fails to stop.
#: concurrent crew event
limit_of_none() {
	allow_stderr
	start
	peer limit "$PID" 0
	kill -STOP "$PID"
	kill -CONT "$PID" # the wait starts again
	kill -CHLD "$PID"
	stands_still "$PID"
	[ -z "${SAN:-}" ] || peer limit "$PID" 1024 # its look for leaks needs some
	stop
}

# No process or thread for a new client costs this client only.
#: concurrent -unix/pass_server
fork_fails() {
	start_short_of fork EAGAIN
	at_rest=$(descriptors)
	hold 1
	: >short
	peer touch "$ADDR" 5
	expect_exit 1 copy <<-end
		abc
	end
	rm short
	sort -u err >once
	expect_error '(fork|pthread_create)' EAGAIN once
	[ "$(wc -l <err)" -le 3 ] || fail 'not reported once'
	serves
	let_go
	expect 'open descriptors' "$at_rest" "$(descriptors)"
	stop
	expect 'connections' 2 "$(served | cut -d' ' -f1)"
}

# A crew that cannot be started is started as soon as it can be.
#: crew
crew_fails() {
	: >short
	start_short_of fork EAGAIN
	await err "$(error_line '(fork|pthread_create)' EAGAIN)"
	stands_still "$PID"
	rm short
	peer crowd "$ADDR" 4
	[ "$(wc -l <err)" -le 3 ] || fail 'not reported once'
	stop
}

# A server stops although the memory does not suffice for the stacks of its crew.
#: mtserver/prethread_server
stop_crew_unfilled() {
	[ -z "${SAN:-}" ] || skip "a sanitizer needs more address space than that"
	allow_stderr
	# shellcheck disable=SC3045 # dash, bash and busybox have it
	(ulimit -v 300000 && exec "$P" -w 1000 0 >out 2>err) &
	PID=$!
	await err "$(error_line pthread_create EAGAIN)"
	stop
}

# If there is no memory for what a client does not take, this client is cut off, and no other.
#: event -libevent/server
no_memory_for_owed() {
	[ -z "${SAN:-}" ] || skip 'a sanitizer ends a program that is out of memory'
	start_short_of malloc ENOMEM
	hold 1
	# Fifty clients, because what is left of the heap is enough for the first ones. The server is stopped
	# while they send, so that its reads are large.
	all=$(processes)
	# shellcheck disable=SC2086 # several words
	fill_up 50 kill -STOP $all
	: >short
	# shellcheck disable=SC2086
	kill -CONT $all
	await err "$(error_line malloc ENOMEM)"
	await out '^client .* reset, [0-9]+ bytes'
	rm short
	let_go
	peer owed "$ADDR" 8000000
	stop
}
