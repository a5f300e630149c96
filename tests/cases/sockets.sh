# What sockets are set to, and the addresses that programs listen on and connect to.
# shellcheck disable=SC2086 # WHERE and OPTIONS are several words

# needs_sockets: whether tests/rules_peer may look at the sockets of PID.
needs_sockets() {
	rules sockets "$PID" >seen 2>stderr || skip "no sockets of others: $(cat stderr)"
}

# sockets KIND: the options that all listening, or all connected ones of PID and its children have.
sockets() {
	# shellcheck disable=SC2046 # several words
	rules sockets "$PID" $(peer children "$PID") ${WORKERS:-} | sed -n "s/^$1 //p" | sort -u
}

#: servers experiment -unix/stream_server
socket_options() {
	start_with traceable --
	needs_sockets
	nonblock=0 reuseaddr=1
	case $KIND:$PROGRAM in
	event:* | experiment:* | *:unix/pass_server) nonblock=1 ;;
	esac
	[ "$PROGRAM" != epoll/reuseport_server ] || reuseaddr=0 # SO_REUSEPORT lets it start again, too
	expect 'the listening socket' \
		"TCP_NODELAY=1 SO_REUSEADDR=$reuseaddr IPV6_V6ONLY=0 O_NONBLOCK=$nonblock" "$(sockets listening)"
	mkfifo in
	"$BIN/mtserver/client" $WHERE <in >echo &
	exec 3>in
	echo abc >&3
	await echo ABC
	expect_like 'the connected socket' 'TCP_NODELAY=1 .*' "$(sockets connected)"
	exec 3>&-
	wait $!
	stop
}

#: stream script -unix/stream_client -threadpool/demo -libevent/fifo_reader -libevent/fifo_writer
socket_options_of_client() {
	start_bad mute
	mkfifo in
	rules traceable "$P" $WHERE <in >echo 2>stderr &
	PID=$!
	exec 3>in
	needs_sockets
	case $PROGRAM in # a client that waits for several descriptors must block in nothing else
	select/* | poll/* | epoll/client) nonblock=1 ;;
	*) nonblock=. ;;
	esac
	wait_until 'its socket' is_connected_with "TCP_NODELAY=1 .* O_NONBLOCK=$nonblock"
	exec 3>&-
}

is_connected_with() {
	saw=$(sockets connected)
	echo "$saw" | grep -qx "$1"
}

#: servers experiment udp/server -unix/stream_server
given_port() {
	AT_PORT=$(peer freeport)
	start
	expect 'the address' "127.0.0.1:$AT_PORT" "$ADDR"
	stop
}

# A server on :: takes IPv4 too, whatever the system's default is.
#: concurrent crew event -unix/stream_server
ipv6() {
	grep -qs ' lo$' /proc/net/if_inet6 || skip "no IPv6 on lo"
	start -a ::1
	expect_like "the address" '\[::1\]:[0-9]+' "$ADDR"
	serves
	await out '^client \[::1\]:[0-9]+ closed, 4 bytes'
	stop
	start_with traceable -- -a ::
	for host in 127.0.0.1 ::1; do
		WHERE="$host ${ADDR##*:}"
		serves
	done
	needs_sockets
	expect_like 'the listening socket' '.* IPV6_V6ONLY=0 .*' "$(sockets listening)"
	stop
}

# A name is as good as an address, for a server and for its client.
#: concurrent crew event -unix/stream_server
name() {
	getent hosts localhost >/dev/null || skip "no name for this machine"
	start -a localhost
	WHERE="localhost ${ADDR##*:}"
	serves
	stop
}

# Of a name's several addresses a server takes the first that binds, and a client that connects.
#: concurrent crew event -unix/stream_server -epoll/reuseport_server -unix/pass_server
name_of_several() {
	printf '127.0.0.1 several.test\n127.0.0.2 several.test\n' >names
	rules hosts "$PWD/names" true 2>stderr || skip "no /etc/hosts of its own: $(cat stderr)"
	AT_PORT=$(peer freeport)
	start
	first=$PID
	rules hosts "$PWD/names" "$P" $OPTIONS -a several.test "$AT_PORT" >second 2>&1 &
	PID=$!
	await second "^listening on 127.0.0.2:$AT_PORT"
	kill "$first"
	peer gone "$first"
	for client in mtserver/client poll/client; do
		expect "the second address through $client" ABC \
			"$(echo abc | rules hosts "$PWD/names" "$BIN/$client" several.test "$AT_PORT")"
	done
	kill "$PID"
	peer gone "$PID"
}

# IPv4 comes first for a server, whatever the order is elsewhere, because that is where clients look.
#: concurrent crew event -unix/stream_server
ipv4_first() {
	grep -qs ' lo$' /proc/net/if_inet6 || skip "no IPv6 on lo"
	printf '::1 both.test\n127.0.0.1 both.test\n' >names
	run_by "$BIN/tests/rules_peer hosts $PWD/names"
	"$P" -h >usage 2>stderr || skip "no /etc/hosts of its own: $(cat stderr)"
	start -a both.test
	expect_like "the address" '127\.0\.0\.1:[0-9]+' "$ADDR"
	serves
	stop
}

# An address may stand in brackets, as the server prints it.
#: concurrent crew event stream -unix/stream_server -unix/stream_client -tcp/client
brackets() {
	grep -qs ' lo$' /proc/net/if_inet6 || skip "no IPv6 on lo"
	case $PROGRAM in
	*client) start_any -a ::1 ;;
	*) start -a '[::1]' ;;
	esac
	expect_like "the address" '\[::1\]:[0-9]+' "$ADDR"
	WHERE="${ADDR%:*} ${ADDR##*:}"
	case $PROGRAM in
	*client) expect "the echo" ABC "$(echo abc | client)" ;;
	*) serves ;;
	esac
	stop
}

# A standard descriptor that is closed must not become a socket.
#: servers udp/server unix/dgram_server -unix/pass_server
closed_descriptors() {
	set_operand
	"$P" $OPTIONS "$OPERAND" <&- >out 2>&- &
	PID=$!
	located
	expect "stdin" /dev/null "$(readlink "/proc/$PID/fd/0")"
	expect "stderr" /dev/null "$(readlink "/proc/$PID/fd/2")"
	serves
	stop
	# Without stdout it cannot print that it listens.
	AT_PORT=$(peer freeport)
	set_operand
	ADDR=$OPERAND WHERE="127.0.0.1 $AT_PORT"
	"$P" $OPTIONS "$ADDR" <&- >&- 2>err &
	PID=$!
	wait_until 'it does not serve' is_served
	kill "$PID"
	ends 0 "$PID"
}

is_served() {
	saw=$(echo abc | copy 2>&1)
	[ "$saw" = ABC ]
}
