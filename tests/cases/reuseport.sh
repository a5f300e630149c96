# epoll/reuseport_server: workers that share a port, each with a listening socket of its own.

# listening: how many sockets listen on the server's port. proc_net_tcp(5); 0A is TCP_LISTEN.
listening() {
	awk -v port=":$(printf %04X "${ADDR##*:}")" 'substr($2, 9) == port && $4 == "0A"' /proc/net/tcp | wc -l
}

# As many sockets as workers, also after one of these was replaced. The parent has none that listens.
#: epoll/reuseport_server
listening_sockets() {
	OPTIONS="-w 5"
	start
	expect 'sockets that listen' 5 "$(listening)"
	crew_of 5
	victim=$(peer children "$PID" | head -n 1)
	kill -KILL "$victim"
	crew_of 5 "$victim"
	expect 'sockets that listen' 5 "$(listening)"
	peer crowd "$ADDR" 50
	stop
	expect 'connections' 50 "$(served | cut -d' ' -f1)"
}

# A worker that cannot start, because memory has run out, is tried again, but not without a pause.
#: epoll/reuseport_server
worker_fails() {
	needs_notifications
	allow_stderr
	start_with fault epoll_create ENOMEM short --
	peer crowd "$ADDR" 40 # both workers have begun
	: >short
	kill -KILL "$(peer children "$PID" | head -n 1)"
	await err "$(error_line epoll_create1 ENOMEM)"
	stands_still "$PID"
	rm short
	crew_of 2
	serves
	stop
}

# Without -w there is a worker for each core.
#: epoll/reuseport_server
worker_for_each_core() {
	OPTIONS=''
	start
	crew_of "$(getconf _NPROCESSORS_ONLN)"
	stop
}

# A second server on the port shares it, and no error says so; a server without SO_REUSEPORT cannot.
#: epoll/reuseport_server
port_shared() {
	start
	first=$PID at=${ADDR##*:}
	"$P" -w 1 "$at" >second 2>&1 &
	second=$!
	await second "^listening on $ADDR\$"
	expect_exit 1 "$BIN/epoll/lt_server" "$at"
	expect_like 'the error' '.*EADDRINUSE.*' "$(cat stderr)"
	peer crowd "$ADDR" 40
	kill -TERM $second
	ends 0 $second
	there=$(sed -n '$s/^served \([0-9]*\) .*/\1/p' second)
	PID=$first
	stop
	here=$(served | cut -d' ' -f1)
	expect 'connections' 40 $((here + there))
	[ "$here" -gt 0 ] || fail 'the second server has taken all'
	[ "$there" -gt 0 ] || fail 'the second server has taken none'
}

# What waits in the queue of a worker is lost when that worker ends, unless the kernel may give it to the
# queue of another one.
#: epoll/reuseport_server
queue_of_worker() {
	a_network
	run_by "$NETWORK"
	for migrate in 0 1; do
		$NETWORK sysctl -qw "net.ipv4.tcp_migrate_req=$migrate" 2>stderr ||
			skip "no tcp_migrate_req: $(cat stderr)"
		start -q
		workers=$(peer children "$PID")
		# shellcheck disable=SC2086 # several words
		kill -STOP $workers
		$NETWORK "$PEER" crowd "$ADDR" 40 2>lost &
		wait_until 'clients that wait in the queues' has_queued 40
		kill -KILL "${workers%%[!0-9]*}"
		# shellcheck disable=SC2086
		kill -CONT $workers 2>/dev/null || :
		ends $((1 - migrate)) $!
		stop
	done
}

# has_queued N: so many connections wait to be accepted, in all sockets that listen.
has_queued() {
	saw=0
	for queued in $($NETWORK cat /proc/net/tcp | awk '$4 == "0A" { print substr($5, 10) }'); do
		saw=$((saw + 0x$queued))
	done
	[ "$saw" -eq "$1" ]
}

# What tests/herd shows on the page: a connection wakes all epoll sets that share a socket, but one
# process that is blocked in accept.
#: suite
herd() {
	"$BIN/tests/herd" 10 30 >herd
	for way in accept EPOLLEXCLUSIVE; do
		awk -v way=$way '$1 == way && $2 < 3 { ok = 1 } END { exit !ok }' herd || fail "$way wakes more: $(cat herd)"
	done
	awk '$1 == "epoll" && $2 > 5 { ok = 1 } END { exit !ok }' herd || fail "epoll wakes few: $(cat herd)"
}
