# DESIGN: the rules that show only from outside of a session: what a socket is set to, what the
# closing line counts, what happens when a call fails or a signal comes at the worst moment.
# shellcheck disable=SC2086 # WHERE and OPTIONS are several words

rules() {
	"$BIN/tests/rules_peer" "$@"
}

# start_with HOW... [-- OPTIONS]: the server under test, run by tests/rules_peer.
start_with() {
	how=''
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		how="$how $1"
		shift
	done
	[ $# -eq 0 ] || shift
	start_server "$BIN/tests/rules_peer" $how "$P" "$@"
}

# Whether the kernel lets tests/rules_peer have a word in system calls.
needs_notifications() {
	rules halves true 2>stderr || skip "no seccomp notifications: $(cat stderr)"
}

# Whether it lets it look at the sockets of process $1.
needs_sockets_of() {
	rules sockets "$1" >seen 2>stderr || skip "no sockets of others: $(cat stderr)"
}

# hold N: N clients that are answered and stay, until let_go.
hold() {
	[ -p in ] || mkfifo in
	"$BIN/tests/peer" hold "$ADDR" "$1" <in >held 2>&1 &
	HOLDER=$!
	exec 3>in
	await held "held $1"
}

let_go() {
	exec 3>&-
	wait "$HOLDER" || fail "a client that was there was not served on: $(cat held)"
}

# sockets KIND: the options that all listening, or all connected ones of the server have.
sockets() {
	# shellcheck disable=SC2046 # several words
	rules sockets "$PID" $(peer children "$PID") | sed -n "s/^$1 //p" | sort -u
}

# One argument too many, each of them a good one.
#: one concurrent crew event experiment stream script datagram group
extra_argument() {
	case $PROGRAM in
	unix/* | libevent/fifo*) set -- ./path ;;
	*server) set -- 0 ;;
	threadpool/demo) set -- ;;
	*) set -- 127.0.0.1 1 ;;
	esac
	expect_exit 2 "$P" "$@" 1
	expect 'what is wrong' "$PROGRAM: extra argument: '1'" "$(head -n 1 stderr)"
}

#: one concurrent crew event experiment -unix/stream_server
socket_options() {
	start_with traceable
	needs_sockets_of "$PID"
	case $KIND in
	event) nonblock=1 ;;
	*) nonblock=0 ;;
	esac
	expect 'the listening socket' \
		"TCP_NODELAY=1 SO_REUSEADDR=1 IPV6_V6ONLY=0 O_NONBLOCK=$nonblock" "$(sockets listening)"
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

# One listening socket takes IPv4 and IPv6, whatever the system's default is.
#: concurrent crew event experiment -unix/stream_server
dual_stack_option() {
	grep -qs ' lo$' /proc/net/if_inet6 || skip 'no IPv6 on lo'
	start_with traceable -- -a ::
	needs_sockets_of "$PID"
	expect_like 'the listening socket' '.* IPV6_V6ONLY=0 .*' "$(sockets listening)"
	stop
}

#: stream script -unix/stream_client -threadpool/demo -libevent/fifo_reader -libevent/fifo_writer
socket_options_of_client() {
	peer mute >out &
	await out '^listening on '
	located
	mkfifo in
	rules traceable "$P" $WHERE <in >echo 2>stderr &
	PID=$!
	exec 3>in
	needs_sockets_of "$PID"
	case $PROGRAM in # who waits for several at once must block in nothing else
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

# The shell's stdin blocks afterwards as it did before.
#: stream
flags_of_stdin_stay() {
	start_any
	mkfifo in
	exec 3<>in
	client <&3 >echo 2>stderr &
	echo abc >&3
	await echo ABC
	expect_like "the pipe's flags" 'flags:[[:space:]]*[0-7]*[0-3][0-7]{3}' "$(grep flags "/proc/$$/fdinfo/3")"
	stop
	exec 3>&-
}

# A stdout that has room, but not for all, stops only what is for it.
#: select/client poll/client epoll/client
full_stdout() {
	start_any -v
	mkfifo in back
	exec 3<>back
	head -c 61440 /dev/zero >&3 # of 65536: pipe(7)
	client <in >&3 2>stderr &
	exec 4>in
	head -c 8000 /dev/zero >&4
	rules queued 65536 <&3
	echo more >&4
	await out 'more\\x0a$' # by itself, or behind the last of the zeros
	expect 'bytes' 69445 "$(head -c 69445 <&3 | wc -c)"
	exec 4>&-
	wait $!
	exec 3>&-
	stop
}

# A stderr that nobody reads and that cannot be opened anew, as a socket: refusals don't wait for it.
#: select/server select/array_server
stderr_unheard() {
	start_with unheard -- -q
	mkfifo in
	"$BIN/tests/event_peer" refused "$ADDR" 1100 <in >refused &
	exec 3>in
	await refused ' refused$'
	exec 3>&-
	wait $!
	kill "$PID"
	ended
}

# Of a name's several addresses a server takes the first that binds, and a client that connects.
#: concurrent crew event -unix/stream_server
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

# The peak memory that the closing line tells is the server's own, not that of who started it.
#: one concurrent crew event
memory_is_its_own() {
	start_with large
	expect 'the echo' ABC "$(echo abc | copy)"
	stop
	kib=$(sed -n '$s/.*memory \([0-9]*\) KiB.*/\1/p' out)
	[ "$kib" -gt 500 ] || fail "memory: $kib KiB"
	[ "$kib" -lt 30000 ] || [ -n "${SAN:-}" ] || fail "memory: $kib KiB, which is the 64 MiB of who started it"
}

# The closing line counts what the children have used, those too that the stop has ended.
#: mpserver/server mpserver/prefork_server
cpu_of_children() {
	start -q
	peer flood "$ADDR" >flooding 2>&1 &
	await flooding flooding
	wait_until 'ticks that the children have used' have_used 20
	used=$saw
	stop
	told=$(sed -n '$s/.*cpu \([0-9]*\)\.\([0-9]*\) s user, \([0-9]*\)\.\([0-9]*\) s.*/\1\2 \3\4/p' out |
		awk '{ print $1 + $2 }')
	[ "$told" -ge $((used - 4)) ] || fail "the children have used $used ticks, told are $told"
}

# have_used TICKS: the server's children, so many or more.
have_used() {
	saw=0
	for pid in $(peer children "$PID"); do
		saw=$((saw + $(ticks "$pid")))
	done
	[ "$saw" -ge "$1" ]
}

# A server that scales lifts its own soft limit of descriptors.
#: mtserver/server event
descriptor_limit_raised() {
	soft=$(awk '/^Max open files/ { print $4 }' /proc/$$/limits)
	peer limit $$ 40
	start -q
	peer limit $$ "$soft"
	peer crowd "$ADDR" 100
	stop
	expect 'connections' 100 "$(served | cut -d' ' -f1)"
}

# A child has its client and nothing else: told to end it ends alone, and its descriptors are its
# client's and not the listening one. One that is stopped does not outlive the server.
#: mpserver/server
child_alone() {
	start
	hold 1
	child=$(peer children "$PID")
	expect 'its sockets' 1 "$(for fd in "/proc/$child/fd/"*; do readlink "$fd"; done | grep -c '^socket:')"
	kill -TERM "$child"
	peer gone "$child"
	expect 'the echo afterwards' ABC "$(echo abc | copy)"
	exec 3>&-
	wait "$HOLDER" || : # its server has left it
	stop
}

# Children that have ended are no longer counted, nor signalled.
#: mpserver/server
children_at_a_time() {
	start
	for _ in 1 2 3; do
		expect 'the echo' ABC "$(echo abc | copy)"
		crew_of 0
	done
	stop
	expect_like 'the closing line' '.*, 2 processes' "$(tail -n 1 out)"
}

#: mpserver/server mpserver/prefork_server
stopped_child() {
	start
	hold 1
	for child in $(peer children "$PID"); do
		kill -STOP "$child"
	done
	stop
	exec 3>&-
}

# short_of CALL ERROR: while the file "short" is there, the server's calls of that kind fail.
start_short_of() {
	needs_notifications
	allow_stderr
	start_with fault "$1" "$2" short
}

descriptors() {
	find "/proc/$PID/fd" -mindepth 1 | wc -l
}

# No process or thread for a new client: that is said once and costs this client only.
#: concurrent
fork_fails() {
	start_short_of fork EAGAIN
	at_rest=$(descriptors)
	hold 1
	: >short
	peer touch "$ADDR" 5
	expect_exit 1 copy <<-end
		abc
	end
	rm short
	expect_like 'what is said' "$PROGRAM: (fork|pthread_create): Resource temporarily unavailable \\(EAGAIN\\)" \
		"$(sort -u err)"
	[ "$(wc -l <err)" -le 3 ] || fail 'not said once'
	expect 'the echo afterwards' ABC "$(echo abc | copy)"
	let_go
	expect 'open descriptors' "$at_rest" "$(descriptors)"
	stop
	expect 'connections' 2 "$(served | cut -d' ' -f1)"
}

# Without a single descriptor to spare poll(2) fails too: no reason to spin, nor not to stop.
#: concurrent crew event
limit_of_none() {
	allow_stderr
	start
	peer limit "$PID" 0
	kill -STOP "$PID"
	kill -CONT "$PID" # the wait begins anew
	kill -CHLD "$PID"
	stands_still "$PID"
	[ -z "${SAN:-}" ] || peer limit "$PID" 1024 # its look for leaks needs some
	stop
}

# A crew that cannot be made is made when it can be.
#: crew
crew_fails() {
	: >short
	start_short_of fork EAGAIN
	await err "^$PROGRAM: (fork|pthread_create): Resource temporarily unavailable \\(EAGAIN\\)"
	stands_still "$PID"
	rm short
	peer crowd "$ADDR" 4
	[ "$(wc -l <err)" -le 3 ] || fail 'not said once'
	stop
}

# No memory for what a client does not take: it is said, this client is cut off, those that were there
# are served, and new ones when there is memory.
#: event -libevent/server
no_memory_for_owed() {
	[ -z "${SAN:-}" ] || return 0 # it ends a program that is out of memory
	start_short_of malloc ENOMEM
	mkfifo in
	"$BIN/mtserver/client" $WHERE <in >echo &
	there=$!
	exec 3>in
	echo first >&3
	await echo FIRST
	mkfifo gate
	for i in 1 2 3 4 5 6 7 8 9 10; do # what is left of the heap is enough for the first ones
		"$BIN/tests/rules_peer" full "$ADDR" gate >"full$i" 2>&1 3>&- &
	done
	wait_until 'connected' has_logged 11 '^client .* connected'
	kill -STOP "$PID" # so that its reads, and what is owed of them, are large
	exec 4>gate # and open: some may come to it later
	for i in 1 2 3 4 5 6 7 8 9 10; do
		await "full$i" '^full'
	done
	: >short
	kill -CONT "$PID"
	await err "^$PROGRAM: malloc: Cannot allocate memory \\(ENOMEM\\)"
	await out '^client .* reset, [0-9]+ bytes'
	echo abc >&3
	await echo ABC
	rm short
	exec 3>&- 4>&-
	wait "$there"
	peer owed "$ADDR" 8000000
	stop
}

# A client that has left before accept costs nothing and is not worth a word.
#: one concurrent crew event
accept_fails() {
	needs_notifications
	: >short
	start_with fault accept ECONNABORTED short
	"$BIN/tests/peer" turns "$ADDR" 3 &
	clients=$!
	await short accept
	rm short
	wait "$clients"
	stop
	expect 'connections' 3 "$(served | cut -d' ' -f1)"
}

# Reads and writes that a signal interrupts, and writes that take less than was given, lose nothing.
#: one concurrent crew event
halves() {
	needs_notifications
	start_with halves -- -q
	expect 'the echo of one message' HELLO "$(within 20 "$BIN/tests/peer" talk "$ADDR" hello)"
	seq 20000 >sent
	copy <sent >echo || fail 'the client failed'
	cmp sent echo || fail 'not the same'
	if [ "$KIND" = event ]; then # which has nothing to wait for with what it has sent
		hold 1
		stands_still "$PID"
		let_go
	fi
	stop
}

#: stream
halves_of_client() {
	needs_notifications
	start_any -q
	seq 20000 >sent
	rules halves "$P" $WHERE <sent >echo || fail 'the client failed'
	cmp sent echo || fail 'not the same'
	stop
}

# SIGTERM between the check of stopping and the wait is not lost.
#: one concurrent crew event experiment datagram group -unix/dgram_client -udp/client -udp/broadcast_client -multicast/client
stop_just_before_wait() {
	[ "${SAN:-}" != thread ] || return 0 # it keeps the handler back until the call has ended
	needs_notifications
	start_with late
	ended
}

# SIGTERM that comes together with a client: this client, which is silent, holds up no end.
#: one
stop_just_after_accept() {
	needs_notifications
	rules taken true 2>stderr || skip "$(cat stderr)"
	start_with taken
	mkfifo in
	copy <in >echo 2>&1 &
	exec 3>in
	ended
	exec 3>&-
}

# SIGTERM that comes to a child right after fork ends that child; the server goes on.
#: mpserver/server mpserver/prefork_server
signal_just_after_fork() {
	needs_notifications
	start_with early
	[ "$PROGRAM" != mpserver/server ] || expect_exit 1 copy <<-end
		abc
	end
	expect 'the echo afterwards' ABC "$(echo abc | copy)"
	stop
}

# A parent that is killed before its child could ask for its end: the child ends all the same.
#: mpserver/server mpserver/prefork_server
parent_killed_just_after_fork() {
	needs_notifications
	start_with orphan
	mkfifo in
	copy <in >echo 2>&1 &
	exec 3>in
	await out '^child '
	peer gone "$(sed -n 's/^child //p' out)"
	exec 3>&-
}

# A reset while the server is writing ends that client only, and is told as one.
#: one concurrent crew event -unix/stream_server
reset_while_writing() {
	start
	"$BIN/tests/rules_peer" full "$ADDR" >full &
	await full '^full'
	kill $!
	await out '^client .* reset, [0-9]+ bytes'
	expect 'the echo afterwards' ABC "$(echo abc | copy)"
	stop
}

# kib: its memory that is not shared with a file.
kib() {
	sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$PID/status"
}

# Tables grow with the clients and not by the limit.
#: mtserver/server event
tables_by_clients() {
	start -q
	hold 3
	much=$(kib)
	let_go
	stop
	start_with limit 64 -- -q
	hold 3
	little=$(kib)
	let_go
	stop
	[ "$much" -le $((little + 512)) ] || [ -n "${SAN:-}" ] ||
		fail "$much KiB without a limit, $little KiB with 64 descriptors"
}

# What was kept for clients that did not read is given back: when they read, and when they leave.
#: event
owed_given_back() {
	needs_notifications
	start_with halves
	by_halves
	before=$(kib)
	by_halves
	not_above "$((before + 800))" 'one that was sent 4 MB by halves'
	kill "$PID"
	ended
	start
	left=0
	leavers
	before=$(kib)
	leavers
	not_above "$((before + 800))" 'twenty that never read'
	stop
}

# The block of one that stays must not keep the memory of all that leave.
#: event
owed_by_many_given_back() {
	start
	left=0
	leavers # whatever is made once
	before=$(kib)
	fill 50
	leaving=$clients
	fill 1
	leave $leaving
	not_above "$((before + 2000))" 'fifty that never read'
	stop
}

by_halves() {
	head -c 4000000 /dev/zero | copy | cmp -n 4000000 - /dev/zero
}

# not_above KIB CLIENTS: threads of a pool that were not needed before use their stacks now.
not_above() {
	now=$(kib)
	[ "$now" -le "$1" ] || [ -n "${SAN:-}" ] || fail "$now KiB after $2, expected at most $1"
}

# leavers: twenty that never read, all there at once; then they leave.
leavers() {
	fill 20
	leave $clients
}

# fill N: so many clients that never read, each until the server takes no more; sets clients.
fill() {
	clients=''
	for i in $(seq "$1"); do
		"$BIN/tests/rules_peer" full "$ADDR" >"full$i" &
		clients="$clients $!"
	done
	for i in $(seq "$1"); do
		await "full$i" '^full'
		rm "full$i"
	done
}

# leave CLIENT...: ends these, and waits until the server knows.
leave() {
	left=$((left + $#))
	kill "$@"
	wait_until "seen to leave, of $left" has_logged $left '^client .* reset, '
}

# A client that has left is not told, with its descriptor closed, that it was silent for too long.
#: epoll/reactor_server
timeout_of_one_that_left() {
	start -t 1
	mkfifo in
	silent_one abc
	silent_one # by the end of its time that of the one that left has passed too
	expect 'the echo afterwards' ABC "$(echo abc | copy)"
	stop
	expect 'clients and bytes' '4 8' "$(served)"
	expect 'clients that left' 4 "$(log_lines '^client .* closed, ')"
}

# silent_one [TEXT]: a client that is closed for its silence, with one that sends TEXT beside it.
silent_one() {
	"$BIN/mtserver/client" $WHERE <in >echo 2>silent &
	silent=$!
	exec 3>in
	[ $# -eq 0 ] || expect 'the echo beside it' ABC "$(echo "$1" | copy)"
	wait $silent && fail 'the silent client was not closed'
	exec 3>&-
}
