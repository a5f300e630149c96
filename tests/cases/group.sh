# Groups, broadcast and multicast, on the loopback and between two hosts; UDP between two hosts.
# Each case has a listeners' port of its own, so that two runs at once don't hear each other.
# shellcheck disable=SC2086 # SHARED, WHERE, AT, NEAR and FAR are several words or none

# a_group: sets SERVER and CLIENT, the pair under test, and SHARED, the options that both take: a
# port that nobody has, and for multicast a group that nobody has.
a_group() {
	SERVER=$BIN/${PROGRAM%client} CLIENT=$BIN/${PROGRAM%server}
	SERVER=${SERVER%server}server CLIENT=${CLIENT%client}client
	PORT=$(peer freeport)
	SHARED="-p $PORT" GROUP='' AT=''
	case $PROGRAM in
	multicast/*)
		GROUP=239.7.$((PORT / 256)).$((PORT % 256))
		SHARED="$SHARED -g $GROUP"
		;;
	esac
}

# member NAME [OPTIONS]: a client in the background. It prints to ./NAME; what is written to
# ./NAME.in is typed; its number is kept in ./NAME.pid. $AT are the words that run it elsewhere.
member() {
	name=$1
	shift
	mkfifo "$name.in"
	# shellcheck disable=SC2094 # two files
	$AT "$CLIENT" $SHARED "$@" $WHERE <"$name.in" >"$name" 2>"$name.err" &
	echo $! >"$name.pid"
}

# await_members N: until N of them are bound to the port, and in the group if there is one.
await_members() {
	wait_until "no $1 members on port $PORT" has_members "$1"
}

has_members() {
	saw=$(cat ./*.err)
	[ "$($AT grep -c ":$(printf %04X "$PORT") .* 07 " /proc/net/udp)" -ge "$1" ] &&
		{ [ -z "$GROUP" ] || [ "$(users)" -ge "$1" ]; }
}

# How many sockets of this host have joined the group: /proc/net/igmp, bytes in the host's order.
users() {
	hex=$(printf '%02X%02X%02X%02X' $((PORT % 256)) $((PORT / 256)) 7 239)
	# shellcheck disable=SC2016 # awk's
	$AT awk -v group="$hex" '$1 == group { n += $2 } END { print n + 0 }' /proc/net/igmp
}

# Two hosts, networks of their own, and a cable between them: $NEAR COMMAND runs on 10.9.0.1, $FAR
# COMMAND on 10.9.0.2.
two_hosts() {
	a_network
	NEAR=$NETWORK
	a_network $NEAR
	FAR=$NETWORK
	$NEAR ip link add cable type veth peer name cable netns $! || skip "no veth here"
	$NEAR ip addr add 10.9.0.1/24 broadcast 10.9.0.255 dev cable
	$FAR ip addr add 10.9.0.2/24 broadcast 10.9.0.255 dev cable
	$NEAR ip link set cable up
	$FAR ip link set cable up
	for host in "$NEAR" "$FAR"; do # until then what is sent is dropped
		wait_until 'the cable is not up' is_up "$host"
	done
}

is_up() {
	saw=$($1 ip link show dev cable)
	echo "$saw" | grep -q ' state UP '
}

# start_at HOST [OPTIONS]: the server under test on $NEAR or $FAR.
start_at() {
	printf '#!/bin/sh\nexec %s "$@"\n' "$1" >at
	chmod +x at
	shift
	start_server ./at "$P" "$@"
}

# Two clients on one host hear what either of them types, also while one of them has typed half a line.
#: udp/broadcast_server multicast/server
group_two_members() {
	a_group
	start $SHARED
	member one
	member two
	exec 3>one.in 4>two.in
	await_members 2
	printf 'half a ' >&3
	echo 'Grüße' >&4
	await one '^GRüßE$'
	await two '^GRüßE$'
	echo line >&3
	await one '^HALF A LINE$'
	await two '^HALF A LINE$'
	expect "complaints" '' "$(cat one.err two.err)"
	stop
	expect "connections and bytes" "0 20" "$(served)"
	expect "the log" 2 "$(log_lines '^client 127\.0\.0\.1:[0-9]+ sent [0-9]+ bytes$')"
}

# A client ends after -n COUNT datagrams, and not when its input ends.
#: udp/broadcast_client multicast/client
group_count() {
	a_group
	start_server "$SERVER" $SHARED
	printf 'abc\nno newline' | "$P" $SHARED -n 2 $WHERE >printed
	expect "what is printed" "$(printf 'ABC\nNO NEWLINE')" "$(cat printed)"
	member one -n 3
	: >one.in
	await_members 1
	udp_peer send "$ADDR" 'an empty one is next'
	udp_peer send "$ADDR" ''
	kill -0 "$(cat one.pid)" || fail "the client ended after two of three"
	udp_peer send "$ADDR" last
	ends 0 "$(cat one.pid)"
	expect "what is printed" "AN EMPTY ONE IS NEXTLAST" "$(cat one)"
	stop
}

#: udp/broadcast_client multicast/client
group_longest_line() {
	a_group
	start_server "$SERVER" $SHARED
	tr '\0' a </dev/zero | head -c 65507 >typed
	"$P" $SHARED -n 1 $WHERE <typed >printed
	tr A a <printed | cmp - typed
	echo >>typed
	expect_exit 1 "$P" $SHARED $WHERE <typed
	expect_reason 'a line is longer than a datagram, 65507 bytes'
	stop
}

# While nobody reads what a client prints, it still sends what is typed.
#: udp/broadcast_client multicast/client
group_full_stdout() {
	a_group
	start_server "$SERVER" $SHARED
	mkfifo one
	exec 5<>one
	head -c 65536 /dev/zero >&5 # all that a pipe holds: pipe(7)
	member one
	exec 3>one.in
	await_members 1
	udp_peer send "$ADDR" 'does not fit'
	await out ' sent 12 bytes$'
	wait_until 'the client does not take it' \
		grep -q ":$(printf %04X "$PORT") .* 07 [0-9A-F]*:00000000 " /proc/net/udp
	echo 'typed all the same' >&3
	await out ' sent 19 bytes$'
	expect 'what was printed by then' 65536 "$(dd bs=1M count=1 <&5 2>dd | wc -c)"
	expect 'what comes then' 'DOES NOT FITTYPED ALL THE SAME' "$(head -n 1 <&5)"
	stop
}

# A client goes on listening although no server is there, because one may come.
#: udp/broadcast_client multicast/client
group_refused() {
	a_group
	AT_PORT=$(peer freeport)
	WHERE="127.0.0.1 $AT_PORT"
	member one
	exec 3>one.in
	echo lost >&3
	await one.err "$(error_line "127.0.0.1:$AT_PORT" ECONNREFUSED)"
	start_server "$SERVER" $SHARED
	echo heard >&3
	await one '^HEARD$'
	stop
	expect "what is printed" HEARD "$(cat one)"
}

#: udp/broadcast_server
broadcast_off_the_loopback() {
	expect_exit 1 "$P" -b 10.9.0.255 0
	expect_reason '-b 10.9.0.255 leaves the loopback, -a 127.0.0.1 does not'
	expect_exit 1 "$P" -b everyone 0
	expect_like "the reason" "$PROGRAM: .*everyone.*" "$(cat stderr)"
}

# Half a configuration would be started, and nobody would hear it. Each line says what is missing.
#: udp/broadcast_server
broadcast_half_configured() {
	expect_exit 1 "$P" -a 10.9.0.1 0
	expect_reason '-a 10.9.0.1 needs -b, the broadcast address of its network'
	two_hosts
	for guess in 10.9.255.255 10.9.0.127 10.9.0.1; do # of 10.9.0.1/24
		expect_exit 1 $NEAR "$P" -a 0.0.0.0 -b $guess 0
		expect_reason "-b $guess is no broadcast address of a network here"
	done
	for address in 10.9.0.255 255.255.255.255; do
		start_at "$NEAR" -a 10.9.0.1 -b $address
		stop
	done
}

#: multicast/server multicast/client
multicast_half_configured() {
	case $PROGRAM in
	*server) set -- -a 10.9.0.1 0 ;;
	*) set -- 10.9.0.1 ;;
	esac
	expect_exit 1 "$P" "$@"
	expect_reason '10.9.0.1 needs -i, the interface that reaches it'
}

# A server that is bound to the address that it sends to could hear itself for ever, and is refused.
#: udp/broadcast_server multicast/server
group_bound_to_the_group() {
	a_group
	address=${GROUP:-127.255.255.255}
	expect_exit 1 "$P" $SHARED -a "$address" 0
	expect_reason "-a $address is the address that it sends to"
}

# On all addresses and on the listeners' port a server hears itself; it must not answer itself.
#: udp/broadcast_server
broadcast_to_itself() {
	AT_PORT=$(peer freeport)
	start -a 0.0.0.0 -p "$AT_PORT"
	udp_peer send "127.0.0.1:$AT_PORT" abc
	await out "^client 127\\.0\\.0\\.1:$AT_PORT is not answered\$"
	udp_peer send "127.0.0.1:$AT_PORT" 'the last'
	await out 'sent 8 bytes$'
	stop
	expect "datagrams of 3 bytes" 2 "$(log_lines ' sent 3 bytes$')"
}

#: multicast/server multicast/client
multicast_start_errors() {
	expect_exit 1 "$P" -i no-such-iface
	expect_error 'interface no-such-iface' ENODEV
	expect_exit 1 "$P" -g 127.0.0.1
	expect_like "the reason" "$PROGRAM: .*127\.0\.0\.1.*" "$(cat stderr)"
}

# The server sends ticks, numbered from 0, and answers lines between them.
#: multicast/server
multicast_ticks() {
	a_group
	WHERE='127.0.0.1 9'
	member one -n 5
	: >one.in
	await_members 1
	start $SHARED -s 0.05
	await one '^itcast 4$'
	ends 0 "$(cat one.pid)"
	expect "five ticks" "itcast 0 itcast 1 itcast 2 itcast 3 itcast 4" "$(paste -sd ' ' one)"
	member two
	exec 3>two.in
	await two '^itcast [0-9]+$'
	echo abc >&3
	await two '^ABC$'
	stop
}

# Ticks that were missed are left out: after one that is overdue come the lines that have waited, and not
# a tick after each.
#: multicast/server
multicast_missed_ticks() {
	a_group
	start -q $SHARED -s 0.4
	member one
	: >one.in
	await one '^itcast [0-9]+$'
	kill -STOP "$PID"
	for text in 'a ' 'b ' 'c '; do
		udp_peer send "$ADDR" "$text"
	done
	sleep 1 # at least two ticks are due in a second
	kill -CONT "$PID"
	await one '^B .*itcast'
	expect_like 'what comes after the overdue tick' 'B C itcast [0-9]+' "$(grep '^B ' one)"
	stop
}

# A member hears its group only: not another group that this host has joined with the same port, and
# not what is sent to the host alone.
#: multicast/client
multicast_only_its_group() {
	a_group
	start_server "$SERVER" $SHARED
	member one
	exec 3>one.in
	await_members 1
	other=239.8${GROUP#239.7}
	"$P" -g "$other" -p "$PORT" -n 1 </dev/null >two &
	two=$!
	"$SERVER" -g "$other" -p "$PORT" -s 0.05 0 >out2 &
	wait $two
	expect_like "the other group's member" 'itcast [0-9]+' "$(cat two)"
	udp_peer send "127.0.0.1:$PORT" 'to the host' || :
	echo abc >&3
	await one '^ABC$'
	expect "what is printed" ABC "$(cat one)"
	stop
}

# Lines of up to 65,507 bytes come back, in fragments: the cable takes 1,500 bytes at a time.
#: udp/server
hosts_udp() {
	two_hosts
	start_at "$FAR" -a 10.9.0.2
	expect "the address" 10.9.0.2 "${ADDR%:*}"
	expect "the echo" ABC "$(echo abc | $NEAR "$BIN/udp/client" -t 20 $WHERE)"
	tr '\0' a </dev/zero | head -c 65507 >typed
	$NEAR "$BIN/udp/client" -t 20 $WHERE <typed >answers
	tr A a <answers | cmp - typed
	stop
}

# What is typed on the far host comes back by broadcast to all who listen there, and here.
#: udp/broadcast_server
hosts_broadcast() {
	a_group
	two_hosts
	start_at "$NEAR" -a 10.9.0.1 -b 10.9.0.255 $SHARED
	AT=$FAR
	member one
	member two
	exec 3>one.in 4>two.in
	await_members 2
	AT=$NEAR
	member here
	exec 5>here.in
	await_members 1
	echo 'from afar' >&3
	for name in one two here; do
		await $name '^FROM AFAR$'
	done
	stop
}

# Two members on the far host and one here (IP_MULTICAST_LOOP) hear the server. A socket there that
# did not join, or joined on another interface, hears nothing. With TTL 1 no router would let it pass.
#: multicast/server
hosts_multicast() {
	a_group
	two_hosts
	expect_exit 1 $NEAR "$P" $SHARED -i cable
	expect_reason '-i cable leaves the loopback, -a 127.0.0.1 does not'
	start_at "$NEAR" -a 0.0.0.0 -i cable $SHARED
	WHERE="10.9.0.1 ${ADDR##*:}"
	$FAR "$BIN/tests/udp_peer" hear "$PORT" "$GROUP" cable >ttl &
	await ttl ready
	# Bound last, because the last one of several on a port gets what is sent to the host.
	$FAR "$BIN/tests/udp_peer" hear "$PORT" >stranger &
	await stranger ready
	AT=$FAR
	member one -i cable
	member two -i cable
	member elsewhere -i lo
	exec 3>one.in 4>two.in 5>elsewhere.in
	await_members 4
	AT=$NEAR
	member here -i cable
	exec 6>here.in
	await_members 1
	echo 'from afar' >&3
	for name in one two here; do
		await $name '^FROM AFAR$'
	done
	await ttl '^ttl 1: FROM AFAR$'
	# The next datagram that each of these two hears must be the first.
	$NEAR "$BIN/tests/udp_peer" send "10.9.0.2:$PORT" 'to the stranger'
	await stranger '^ttl'
	expect_like "what the stranger heard" 'ttl [0-9]+: to the stranger' "$(sed 1d stranger)"
	$FAR "$P" $SHARED -s 0.05 0 >out2 &
	await elsewhere '.'
	expect "what the member on another interface heard" 'itcast 0' "$(head -n 1 elsewhere)"
	stop
}
