# Clients that are silent, do not read, flood or are many. The others are served as before.

# While a client is silent the server rests, and serves others.
#: concurrent crew event
silent_client() {
	start
	hold 1
	serves
	stands_still "$PID"
	let_go
	stop
}

# A client sends and never reads. The server stops reading from it, holds one buffer for it, and rests.
#: concurrent crew event
never_reads() {
	start -q
	serves
	before=$(kib "$PID")
	peer stuck "$ADDR" 100000000 >stuck &
	await stuck 'stuck [0-9]+'
	stands_still "$PID"
	not_above $((before + 1024)) 'beside one that never reads'
	peer turns "$ADDR" 20
	stop
}

# A client that sends all before it reads costs the server one buffer too.
#: event
reads_late() {
	start -q
	peer owed "$ADDR" 30000000
	stop
	peak=$(sed -n 's/.*memory \([0-9]*\) KiB.*/\1/p' out)
	[ "$peak" -lt 10000 ] || [ -n "${SAN:-}" ] || fail "at its peak the server held $peak KiB"
}

#: concurrent crew event
flooder() {
	start -q
	"$PEER" flood "$ADDR" >flooding 2>&1 &
	flooder=$!
	await flooding flooding
	peer ping "$ADDR" 200
	kill -0 "$flooder" || fail "the flooder has ended: $(cat flooding)"
	kill "$flooder"
	stop
}

#: concurrent event
crowd() {
	start
	peer crowd "$ADDR" 200
	stop
	expect "connections" 200 "$(served | cut -d' ' -f1)"
}

#: mtserver/server unix/stream_server poll/server epoll/lt_server epoll/et_server epoll/reactor_server threadpool/server libevent/server full 600s
crowd_of_5000() {
	start -q
	peer crowd "$ADDR" 5000
	stop
	expect "connections" 5000 "$(served | cut -d' ' -f1)"
}

# If there are more clients than workers, the others wait their turn and all are served.
#: one crew
turns() {
	start
	peer turns "$ADDR" 100
	stop
	expect "connections" 100 "$(served | cut -d' ' -f1)"
}

# Many clients are ready at one wake-up, and each is answered.
#: event
ready_together() {
	start -q
	event_peer together "$ADDR" "$PID" 300
	serves
	stop
}

# Clients that come while others are busy, and send only when all is quiet again, are answered.
#: event
awake() {
	start -q
	event_peer awake "$ADDR" "$PID" 40
	stop
}
