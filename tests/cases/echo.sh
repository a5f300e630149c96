# DESIGN: bytes in, the same number of bytes out, in order, a-z upper-cased, every other one as it was.

# same COMMAND...: what it prints comes back upper-cased, through any client that fits.
same() {
	"$@" >sent
	copy <sent >echo || fail "the client failed: $*"
	LC_ALL=C tr a-z A-Z <sent | cmp - echo || fail "not the same upper-cased: $*"
}

all_bytes() {
	i=0
	while [ $i -lt 256 ]; do
		# shellcheck disable=SC2059
		printf "\\$(printf %03o $i)"
		i=$((i + 1))
	done
}

#: one concurrent crew event
inputs() {
	start
	same echo 'Hello, World!'
	same printf 'no newline at the end'
	same true
	same printf 'Grüße, 世界, ñandú\n'
	all_bytes >bytes
	same cat bytes
	stop
}

# Text split across segments is answered piece by piece; two lines in one segment come back as two.
#: one concurrent crew event
segments() {
	start
	expect "the echo" "$(printf 'ONE\nTWO\n')" "$(peer talk "$ADDR" on 'e
t' 'wo
')"
	expect "two lines in one segment" "$(printf 'ONE\nTWO\n')" "$(peer talk "$ADDR" 'one
two
')"
	stop
}

#: one concurrent crew event
byte_at_a_time() {
	start
	peer drip "$ADDR" 'one byte at a time, and nothing is waited for
'
	stop
}

# A line of 20 MB, and 20 MB of lines.
#: one concurrent crew event
large() {
	start -q
	same sh -c "head -c 20000000 /dev/zero | tr '\\0' x"
	seq 2700000 | copy >echo
	seq 2700000 | cmp - echo
	stop
}

# A client that ends its side is still sent all that it is owed.
#: one concurrent crew event
half_close() {
	start
	peer owed "$ADDR" 8000000
	stop
	expect "bytes" "1 8000000" "$(served)"
	expect "not cut off" 1 "$(log_lines 'closed, 8000000 bytes')"
}

#: one concurrent crew event -unix/stream_server
script_of_ten() {
	start
	# shellcheck disable=SC2086
	expect "ten replies" 10 "$("$BIN/tcp/hello_client" $WHERE | grep -cx HELLO)"
	stop
}
