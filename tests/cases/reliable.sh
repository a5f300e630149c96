# udp/reliable_client: nothing is lost, doubled or out of order, whatever the network does. Where an
# answer must come at the first try the time-out before it is -t 20, as for a busy machine.

# through LOST DOUBLED DELAYED MS: from here on the client reaches its server through tests/relay, which
# prints the fate of each datagram to ./relayed.
through() {
	"$BIN/tests/relay" "$@" "$ADDR" >relayed 2>&1 &
	await relayed '^listening on '
	WHERE="127.0.0.1 $(sed -n '1s/.*://p' relayed)"
}

# counted PATTERN: what the client printed at its end.
counted() {
	expect_like "the counts" "$PROGRAM: $1, round trip [0-9.]+ ms" "$(cat stderr)"
}

# comes_back FILE: its lines do, whole and in order.
comes_back() {
	expect_exit 0 client <"$1"
	LC_ALL=C tr a-z A-Z <"$1" | cmp - stdout
}

# answered N: so many lines got an answer that the network has delivered.
answered() {
	expect "lines that are answered" "$1" "$(sed -n 's/^<- [cd][^ ]* \([0-9]*\)[.].*/\1/p' relayed | sort -u | wc -l)"
}

# Bytes of all kinds, empty lines, a last line without its newline, and the longest line.
#: udp/reliable_client
reliable_lines() {
	start_any
	for text in 'abc\n' 'abc\n\n def' '' '\n' '\000\377z\n' '1.1 abc\n2.1 abc\n'; do
		# shellcheck disable=SC2059
		printf "$text" >typed
		comes_back typed
	done
	counted '2 lines, [0-9]+ sent again, [0-9]+ late answers, [0-9]+ double'
	tr '\0' a </dev/zero | head -c 65491 >typed
	comes_back typed
	echo >>typed
	expect_exit 1 client <typed
	expect_reason 'a line is longer than 65491 bytes'
	stop
}

# Of a hundred datagrams 20 are lost each way, 20 come twice, and 20 come behind later ones.
#: udp/reliable_client 120s
reliable_through_loss() {
	start_any -q
	through 20 20 20 5
	seq -f 'line %.0f' 200 >typed
	comes_back typed
	answered 200
	yes again | head -n 100 >typed # equal lines
	comes_back typed
	stop
}

#: udp/reliable_client full 200s
reliable_thousand_lines() {
	start_any -q
	through 20 20 20 5
	seq -f 'line %.0f' 1000 >typed
	comes_back typed
	answered 1000
	stop
}

# Each datagram comes twice, so that each line is answered four times. All but the last line's further
# answers are counted, and none is printed.
#: udp/reliable_client
reliable_doubled() {
	start_any -q
	through 0 100 0 0
	seq 20 >typed
	comes_back typed
	stop
	counted '20 lines, [0-9]+ sent again, [0-9]+ late answers, [1-9][0-9]+ double'
}

# Without an answer a line is sent twelve times; then the client gives up. It has waited for each of them.
#: udp/reliable_client
reliable_gives_up() {
	start_any -q
	through 100 0 0 0
	began=$(peer clock)
	printf 'abc\ndef\n' >typed
	# shellcheck disable=SC2086 # several words
	expect_exit 1 "$P" -t 0.05 $WHERE <typed
	ms=$(($(peer clock) - began))
	[ $ms -ge 600 ] || fail "gave up after $ms ms"
	expect "what is sent" "$(for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "-> lost 1.$i abc"; done)" \
		"$(grep -- '->' relayed)"
	expect "the last line" "$PROGRAM: no answer from 127.0.0.1:${WHERE#* }, sent 12 times" \
		"$(tail -n 1 stderr)"
	expect "what is printed" '' "$(cat stdout)"
	stop
}

# The waits become longer, so that a server that is stopped for a while costs nothing but time. The first
# answer then comes late, the others are to a line that is answered.
#: udp/reliable_client
reliable_waits_longer() {
	start_any
	through 0 0 0 0
	start_client
	kill -STOP "$PID"
	began=$(peer clock)
	echo def >&3
	await relayed '^-> carried 2\.7 def'
	ms=$(($(peer clock) - began))
	[ $ms -ge 600 ] || fail "sent seven times after $ms ms" # 10 + 20 + 40 + 80 + 160 + 320
	kill -CONT "$PID"
	await echo '^DEF$'
	echo ghi >&3
	await echo '^GHI$'
	exec 3>&-
	ends 0 "$CLIENT"
	expect "what is printed" 'ABC DEF GHI' "$(paste -sd ' ' echo)"
	counted '3 lines, [0-9]+ sent again, [1-9][0-9]* late answers, [1-9][0-9]* double'
	stop
}

# The time-out follows the round trips. The network takes 100 ms each way: whoever waits for 10 ms sends
# each line five times. When each line is sent twice before its answer comes, that is the answer to the
# first send.
#: udp/reliable_client
reliable_measures() {
	start_any -q
	through 0 0 100 100
	seq 10 >typed
	comes_back typed
	again=$(sed -n 's/.* lines, \([0-9]*\) sent again.*/\1/p' stderr)
	[ "$again" -le 10 ] || fail "$again datagrams are sent again: $(cat stderr)"
	takes_200_ms
	# shellcheck disable=SC2086 # several words
	expect_exit 0 "$P" -t 0.15 $WHERE <typed
	takes_200_ms
	stop
}

takes_200_ms() {
	trip=$(sed -n 's/.* round trip \([0-9]*\).*/\1/p' stderr)
	[ "$trip" -ge 200 ] || fail "a round trip of $trip ms"
}

# A server that is not there is reported once a line, and the client goes on: one that starts in time
# answers.
#: udp/reliable_client
reliable_refused() {
	AT_PORT=$(peer freeport)
	echo abc >typed
	expect_exit 1 "$P" -t 0.02 127.0.0.1 "$AT_PORT" <typed
	expect "lines on stderr" 3 "$(wc -l <stderr)"
	expect "refusals" 1 "$(grep -Ec "$(error_line "127.0.0.1:$AT_PORT" ECONNREFUSED)" stderr)"
	mkfifo in
	"$PEER" group "$P" 127.0.0.1 "$AT_PORT" <in >echo 2>stderr &
	CLIENT=$!
	exec 3>in
	echo abc >&3
	await stderr "$(error_line "127.0.0.1:$AT_PORT" ECONNREFUSED)"
	start_any 3>&-
	await echo '^ABC$'
	exec 3>&-
	ends 0 "$CLIENT"
	expect "lines on stderr" 2 "$(wc -l <stderr)"
	stop
}

# This server answers every second datagram, and before it, again, the one before it and with nothing.
#: udp/reliable_client
reliable_wrong_answer() {
	"$BIN/tests/udp_peer" late >out 2>err &
	located
	printf 'first\nsecond\n' >typed
	# shellcheck disable=SC2086 # several words
	expect_exit 0 "$P" -t 0.2 $WHERE <typed
	expect "what is printed" 'FIRST SECOND' "$(paste -sd ' ' stdout)"
	expect_like "the first line" "$PROGRAM: a wrong answer of 0 bytes" "$(head -n 1 stderr)"
}
