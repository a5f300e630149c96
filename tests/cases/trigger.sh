# The experiment with level and edge triggering: epoll/trigger_server and epoll/burst_client.
# shellcheck disable=SC2086 # WHERE is several words

# experiment MODE WANTED: two clients at once, three bursts each. WANTED is what was read from each of
# them, with a bar for each event.
experiment() {
	start -m "$1"
	"$BIN/epoll/burst_client" -n 3 -s 0.3 $WHERE >other &
	"$BIN/epoll/burst_client" -n 3 -s 0.3 $WHERE >back || fail "not all came back"
	wait $! || fail "not all came back"
	for f in back other; do
		expect "what came back" "AAAA BBBB CCCC DDDD EEEE FFFF" "$(paste -sd ' ' $f)"
	done
	stop
	seen=$(awk '/^epoll_wait/ { bar = " |" }
		/^client/ && !/connected/ { sub(/:$/, "", $2); read[$2] = read[$2] bar " " $3; bar = "" }
		END { for (who in read) print substr(read[who], 2) }' out)
	expect "what each event gave" "$2
$2" "$seen"
}

#: epoll/trigger_server
level_triggered() {
	experiment lt '| aaaa\x0a | bbbb\x0a | cccc\x0a | dddd\x0a | eeee\x0a | ffff\x0a | closed,'
}

# The second half of each burst stays unread until the next burst comes, the last ones until the end.
#: epoll/trigger_server
edge_triggered() {
	experiment et '| aaaa\x0a | bbbb\x0a | cccc\x0a | dddd\x0a eeee\x0a ffff\x0a closed,'
}

#: epoll/trigger_server
edge_triggered_drained() {
	experiment drain '| aaaa\x0a bbbb\x0a | cccc\x0a dddd\x0a | eeee\x0a ffff\x0a | closed,'
}

# The end is read in every mode, although it is reported together with data.
#: epoll/trigger_server
end_with_data() {
	for mode in lt et drain; do
		start -m $mode
		seen=$(event_peer queued "$ADDR" "$PID" "more than five bytes")
		expect "the echo with -m $mode" "MORE THAN FIVE BYTES
MORE THAN FIVE BYTES" "$seen"
		stop
	done
}

# Reads must not block, but writes must, so that a client that is slow to read loses nothing.
#: epoll/trigger_server
drained_slowly() {
	start -m drain -q
	event_peer late "$ADDR" 400000
	stop
}

# The bursts go from a to z, and then begin with a again; all must come back.
#: epoll/burst_client
bursts_wrap() {
	start_server "$BIN/epoll/trigger_server" -m drain -q
	expect_exit 0 "$P" -s 0.01 -n 14 $WHERE
	expect "line 25 to 28" "YYYY ZZZZ AAAA BBBB" "$(tail -n +25 stdout | paste -sd ' ' -)"
	stop
}
