# The ways in which a connection ends: half-closed, reset, left at once, with data still to be sent.

# A client that ends its side still gets all of its echo.
#: servers
half_close() {
	start
	peer owed "$ADDR" 8000000
	stop
	expect "bytes" "1 8000000" "$(served)"
	expect "not cut off" 1 "$(log_lines 'closed, 8000000 bytes')"
}

# Data and the end that are queued together are one event; a loop that misses the end waits for ever.
#: event -threadpool/server
end_queued_with_data() {
	start
	seen=$(event_peer queued "$ADDR" "$PID" "and that was all")
	expect "the echo" "AND THAT WAS ALL
AND THAT WAS ALL" "$seen"
	stands_still "$PID"
	stop
}

#: servers
connect_and_leave() {
	start
	peer touch "$ADDR" 300
	serves
	stop
}

# A reset ends that client only.
#: servers
reset() {
	start
	peer reset "$ADDR"
	await out '^client .* reset, [0-9]+ bytes'
	serves
	stop
}

# A reset that comes while the server is writing ends that client only, too, and is logged as a reset.
#: servers -unix/stream_server
reset_while_writing() {
	start
	fill_up 1
	kill "$FILLER"
	await out '^client .* reset, [0-9]+ bytes'
	serves
	stop
}

# A client sends and closes before it is answered. The first answer meets with a reset, and the write
# after it must not end the server.
#: servers
gone_before_answers() {
	start
	kill -STOP "$PID"
	seq 4000 | peer leave "$ADDR"
	kill -CONT "$PID"
	serves
	stop
}
