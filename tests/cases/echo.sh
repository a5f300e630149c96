# All bytes come back in order, a-z upper-cased, every other byte as it was.

# same COMMAND...: what it prints comes back upper-cased.
same() {
	"$@" >sent
	copy <sent >echo || fail "the client failed: $*"
	LC_ALL=C tr a-z A-Z <sent | cmp - echo || fail "not the same upper-cased: $*"
}

#: servers
inputs() {
	start
	same echo 'Hello, World!'
	same printf 'no newline at the end'
	same true
	same printf 'Grüße, 世界, ñandú\n'
	# Each of the 256 bytes.
	same env LC_ALL=C awk 'BEGIN { for (i = 0; i < 256; i++) printf "%c", i }'
	[ "$(LC_ALL=C wc -c <echo)" -ge 256 ] || fail 'not 256 bytes'
	stop
}

# Text that is split across segments is answered piece by piece; two lines in one segment come back as
# two; a line that comes a byte at a time comes back whole.
#: servers
segments() {
	start
	expect "the echo" "$(printf 'ONE\nTWO\n')" "$(peer talk "$ADDR" on 'e
t' 'wo
')"
	expect "two lines in one segment" "$(printf 'ONE\nTWO\n')" "$(peer talk "$ADDR" 'one
two
')"
	peer drip "$ADDR" 'one byte at a time, and nothing is waited for
'
	stop
}

# A line of 10 MB, and 10 MB of lines.
#: servers
large() {
	start -q
	same sh -c "head -c 10000000 /dev/zero | tr '\\0' x"
	seq 1400000 | copy >echo
	seq 1400000 | cmp - echo
	stop
}

# Every stream client works with every server.
#: servers
pairs() {
	start
	while read -r name kind options; do
		case $(is_unix && echo unix):$name:$kind in
		unix:unix/*:stream) ;;
		unix:* | *:unix/* | *:libevent/*) continue ;;
		*:stream) ;;
		*) continue ;;
		esac
		# shellcheck disable=SC2086 # several words
		expect "$name" 'HELLO, WORLD' "$(echo 'Hello, world' | "$BIN/$name" $options $WHERE)"
	done <"$TESTS/programs"
	# shellcheck disable=SC2086
	is_unix ||
		expect "ten replies" 10 "$("$BIN/tcp/hello_client" $WHERE | grep -cx HELLO)"
	stop
}

# A read stops at urgent data: it is short although more data waits.
#: event
urgent_data() {
	start
	for text in 'before!after' 'all before!' '!all after'; do
		want=$(echo "$text" | tr -d '!' | tr a-z A-Z)
		seen=$(event_peer urgent "$ADDR" "$PID" "$text")
		expect "the echo of $text" "$want
$want" "$seen"
	done
	stop
}

# An urgent byte, which no server reads, keeps no loop busy.
#: event
urgent_data_waits() {
	start
	mkfifo in
	event_peer keep "$ADDR" 'hello!' <in >kept &
	exec 3>in
	await kept '^HELLO$'
	stands_still "$PID"
	exec 3>&-
	stop
}
