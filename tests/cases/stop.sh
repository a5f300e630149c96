# SIGINT or SIGTERM ends a server with all its processes, with status 0, and it can start again at once.
# Signals end clients too, unless they are ignored.
# Signals that come at the worst moment are in faults.sh.

#: servers experiment udp/server udp/broadcast_server multicast/server unix/dgram_server
stopped() {
	for signal in INT TERM; do
		start
		stop $signal
		no_file srv.socket
	done
}

# The server stops although it has clients that are silent or never read.
#: servers
stop_with_clients() {
	start
	peer stuck "$ADDR" >stuck 2>&1 &
	await out '^client .* connected'
	[ "$KIND" = one ] || hold 1
	stop
}

# as_process_1: the program under test is run as the first process of a container. Then $! is the one
# that has started it there, and ends with its status.
as_process_1() {
	user=''
	[ "$(id -u)" -eq 0 ] || user=-r
	unshare $user -p -f true 2>stderr || skip "no PID namespaces: $(cat stderr)"
	run_by unshare $user -p -f --kill-child
}

# Process 1 is not ended by a signal for which it has no handler.
#: servers udp/server unix/dgram_server
server_as_process_1() {
	[ -z "${SAN:-}" ] || skip 'a sanitizer does not work as process 1'
	as_process_1
	for signal in INT TERM; do
		start
		serves
		kill -$signal "$(peer children "$PID")"
		ended
		no_file srv.socket
	done
}

#: stream udp/client udp/reliable_client unix/dgram_client
client_as_process_1() {
	[ -z "${SAN:-}" ] || skip 'a sanitizer does not work as process 1'
	start_any
	as_process_1
	set --
	case $PROGRAM in
	unix/*) set -- -c own.socket ;;
	esac
	for signal in INT:130 TERM:143 HUP:129; do
		start_client "$@"
		kill -"${signal%:*}" "$(peer children "$CLIENT")"
		ends "${signal#*:}" "$CLIENT"
		no_file own.socket
		exec 3>&-
	done
	stop
}

# A signal that is ignored at the start, because of nohup(1) or of a script's &, ends no client.
#: stream udp/client udp/reliable_client unix/dgram_client
ignored_signals() {
	start_any
	set --
	case $PROGRAM in
	unix/*) set -- -c own.socket ;;
	esac
	mkfifo in
	# shellcheck disable=SC2086 # several words
	(trap '' INT HUP && exec "$P" "$@" $WHERE) <in >echo 2>stderr &
	CLIENT=$!
	exec 3>in
	echo abc >&3
	await echo ABC
	for pid in "$CLIENT" $(peer children "$CLIENT"); do
		kill -INT "$pid"
		kill -HUP "$pid"
	done
	echo def >&3
	await echo DEF
	exec 3>&-
	ends 0 "$CLIENT"
	no_file own.socket
	stop
}

# Ctrl-C in a terminal sends SIGINT to the whole process group.
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

# A server that was stopped with a client open starts again at once on the same port or path.
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

# A child has the descriptor of its client, and not the listening one. SIGTERM ends this child only.
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
#: mpserver/server mpserver/prefork_server epoll/reuseport_server
stopped_child() {
	start
	hold 1
	for child in $(peer children "$PID"); do
		kill -STOP "$child"
	done
	stop
}

# The children of a server that is killed end with it.
#: mpserver/server mpserver/prefork_server epoll/reuseport_server
parent_killed() {
	start
	hold 2
	children=$(peer children "$PID")
	[ -n "$children" ] || fail "no children"
	kill -KILL "$PID"
	# shellcheck disable=SC2086 # several words
	peer gone $children
}

# A worker that SIGKILL or SIGTERM ends is replaced; the others go on.
#: mpserver/prefork_server epoll/reuseport_server
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
