# SIGINT or SIGTERM, and a server is gone with all its processes, exit 0, and can start again at once.
# Signals that come at the worst moment: faults.sh.

#: servers experiment udp/server udp/broadcast_server multicast/server unix/dgram_server
stopped() {
	for signal in INT TERM; do
		start
		stop $signal
		no_file srv.socket
	done
}

# With clients that talk, that are silent, and that never read.
#: servers
stop_with_clients() {
	start
	peer stuck "$ADDR" >stuck 2>&1 &
	await out '^client .* connected'
	[ "$KIND" = one ] || hold 1
	stop
}

# To the whole group, as Ctrl-C in a terminal sends it.
#: servers
interrupt_group() {
	start_server "$PEER" group "$P"
	serves
	children=$(peer children "$PID")
	kill -INT "-$PID"
	ended
	# shellcheck disable=SC2086 # several words
	peer gone $children
}

# Stopped with a client open and started again at once on the same port or path.
#: servers udp/server
restart() {
	AT_PORT=$(peer freeport)
	start
	if [ "$KIND" = datagram ]; then serves; else hold 1; fi
	stop
	start
	serves
	stop
}

# A child has its client and nothing else: told to end it ends alone, and its descriptors are its
# client's and not the listening one.
#: mpserver/server
child_alone() {
	start
	hold 1
	child=$(peer children "$PID")
	expect 'its sockets' 1 "$(for fd in "/proc/$child/fd/"*; do readlink "$fd"; done | grep -c '^socket:')"
	kill -TERM "$child"
	peer gone "$child"
	serves
	stop
}

# A child that is stopped does not outlive the server.
#: mpserver/server mpserver/prefork_server
stopped_child() {
	start
	hold 1
	for child in $(peer children "$PID"); do
		kill -STOP "$child"
	done
	stop
}

# The children of a server that is killed end with it.
#: mpserver/server mpserver/prefork_server
parent_killed() {
	start
	hold 2
	children=$(peer children "$PID")
	[ -n "$children" ] || fail "no children"
	kill -KILL "$PID"
	# shellcheck disable=SC2086 # several words
	peer gone $children
}

# A worker that is killed, or told to end, ends alone and is replaced.
#: mpserver/prefork_server
worker_replaced() {
	start -w 2
	crew_of 2
	for signal in KILL TERM; do
		victim=$(peer children "$PID" | head -n 1)
		kill -$signal "$victim"
		peer gone "$victim"
		crew_of 2 "$victim"
	done
	hold 2
	let_go
	stop
}
