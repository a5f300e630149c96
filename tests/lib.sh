# What the cases are written with. Called by tests/one: lib.sh TESTS FILE CASE PROGRAM KIND [OPTIONS].
# A case finds: P, the program under test; PROGRAM, KIND and OPTIONS as in tests/programs; BIN, the
# folder of the binaries. It stands in an empty folder of its own, ends at the first command that
# fails, and all that it has started ends with it.
TESTS=$1 FILE=$2 CASE=$3 PROGRAM=$4 KIND=$5
shift 5
OPTIONS=$*
P=$BIN/$PROGRAM
NEWLINE='
'
PEER=$BIN/tests/peer # in the background, where $! must be the helper itself

peer() { "$PEER" "$@"; }
event_peer() { "$BIN/tests/event_peer" "$@"; }
udp_peer() { "$BIN/tests/udp_peer" "$@"; }
unix_peer() { "$BIN/tests/unix_peer" "$@"; }
rules() { "$BIN/tests/rules_peer" "$@"; }

# ---- What is expected

# fail WHAT: ends the case, and shows what the server printed, if there is one.
fail() {
	echo "$*"
	for f in out err; do
		[ ! -s "$f" ] || { echo "-- the server's $f:" && tail -n 20 "$f" | cut -c1-200; }
	done
	exit 1
}

skip() {
	echo "skipped: $*"
	exit 77
}

# expect WHAT WANTED SEEN
expect() {
	[ "$2" = "$3" ] || fail "$1: expected '$2', saw '$3'"
}

# expect_like WHAT PATTERN SEEN: SEEN is one line, and all of it matches the extended regular expression.
expect_like() {
	case $3 in
	*"$NEWLINE"*) fail "$1: expected one line, saw '$3'" ;;
	esac
	echo "$3" | grep -Eqx -- "$2" || fail "$1: expected one line like '$2', saw '$3'"
}

# expect_exit STATUS COMMAND...: its stdout goes to ./stdout, its stderr to ./stderr.
expect_exit() {
	wanted=$1 status=0
	shift
	"$@" >stdout 2>stderr || status=$?
	[ "$status" -eq "$wanted" ] ||
		fail "$*: expected exit $wanted, saw $status; stderr: $(head -n 5 stderr)"
}

# ends STATUS PID: this child of the case ends, with that exit status.
ends() {
	peer gone "$2" || fail "it does not end"
	status=0
	wait "$2" || status=$?
	expect "the exit status" "$1" "$status"
}

# error_line WHAT NAME: the pattern of the line that reports an error of the program under test. WHAT
# is a pattern too. The sentence before the error's name is the C library's own.
error_line() {
	echo "^$PROGRAM: $1: [^:]+ \\($2\\)\$"
}

# expect_error WHAT NAME [FILE]: this is all that stands in FILE, otherwise ./stderr.
expect_error() {
	expect_like "the error" "$(error_line "$1" "$2")" "$(cat "${3:-stderr}")"
}

# expect_reason WHAT: all that stands in ./stderr is one line, the pattern WHAT, without an error's
# name, because no system call has failed.
expect_reason() {
	expect_like "the reason" "$PROGRAM: $1" "$(cat stderr)"
	! grep -Eq '\(E[A-Z0-9]+\)$' stderr || fail "an error's name where no call has failed: $(cat stderr)"
}

# ---- Waiting, never longer than the case may take

# within SECONDS COMMAND...
within() {
	peer case "$@"
}

# await FILE PATTERN: until FILE has a line like that.
await() {
	peer await "$1" "$2" || fail "no line '$2' came in $1: $(tail -n 3 "$1" 2>/dev/null | cut -c1-200)"
}

# wait_until WHAT COMMAND...: until it succeeds; otherwise fails with WHAT and with what COMMAND left
# in $saw.
wait_until() {
	what=$1 saw=''
	shift
	until "$@"; do
		peer moment || fail "$what: $saw"
	done
}

# ---- Machines

# a_network [HOST]: NETWORK are the words that run a command in a network of its own, with a loopback.
# It ends with the case. HOST are such words of another one, from which it can be reached.
a_network() {
	user='' keep=''
	[ "$(id -u)" -eq 0 ] || user=-r keep='-U --preserve-credentials'
	for tool in unshare nsenter ip; do
		command -v $tool >/dev/null || skip "no $tool here"
	done
	[ $# -eq 0 ] || user=''
	: >network
	# shellcheck disable=SC2086 # several words, or none
	"$@" unshare $user -n sh -c 'ip link set lo up && echo there && exec sleep 60' >network 2>stderr &
	NETWORK="nsenter $keep -t $! -n --"
	wait_until "no network" is_there $!
}

is_there() {
	kill -0 "$1" 2>/dev/null || skip "no network namespaces: $(cat stderr)"
	grep -q there network
}

# ports FIRST LAST: the kernel has no others to give in this NETWORK, and none again within a second.
ports() {
	$NETWORK sh -c "echo $1 $2 >/proc/sys/net/ipv4/ip_local_port_range &&
		echo 0 >/proc/sys/net/ipv4/tcp_tw_reuse" 2>stderr || skip "no ports to choose: $(cat stderr)"
}

# run_by WORDS: from here on the program under test is run by these words.
run_by() {
	printf '#!/bin/sh\nexec %s %s "$@"\n' "$*" "$P" >run_by
	chmod +x run_by
	P=$PWD/run_by
}

# ---- The server

# start [OPTIONS]: the program under test, a server, on a port that the kernel picks or on $AT_PORT,
# from peer freeport (a path for AF_UNIX). Sets PID, ADDR as it prints it, and WHERE, what a client
# takes for it.
start() {
	start_server "$P" "$@"
}

# start_server SERVER [OPTIONS]: another one, for the tests of a client.
start_server() {
	: >out # await must not see an earlier server's line
	: >err
	set_operand
	# shellcheck disable=SC2086 # several words
	"$@" $OPTIONS "$OPERAND" >>out 2>>err </dev/null &
	PID=$!
	for word in "$@"; do
		case $word in
		halves | traceable) HOW="$BIN/tests/rules_peer $word" ;;
		-q | -v) HOW_LOUD=$word ;;
		esac
	done
	located
}

# start_with HOW... -- [OPTIONS]: the server under test, run by tests/rules_peer.
start_with() {
	how=''
	while [ "$1" != -- ]; do
		how="$how $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # several words
	start_server "$BIN/tests/rules_peer" $how "$P" "$@"
}

# start_bad HOW: a server of tests/peer that does wrong, for the tests of a client.
start_bad() {
	at=127.0.0.1:0
	case $PROGRAM in
	unix/*) at=./srv.socket ;;
	esac
	"$PEER" "$1" $at >out 2>err </dev/null &
	PID=$!
	located
}

# start_any [OPTIONS]: a good server for the client under test.
start_any() {
	OPTIONS=''
	case $PROGRAM in
	udp/client | udp/reliable_client) start_server "$BIN/udp/server" "$@" ;;
	unix/*) start_server "$BIN/${PROGRAM%_client}_server" "$@" ;;
	*) start_server "$BIN/poll/server" "$@" ;;
	esac
}

# set_operand: OPERAND is where the server is to listen.
set_operand() {
	OPERAND=${AT_PORT:-0}
	! is_unix || OPERAND=./srv.socket
}

# is_unix: whether clients reach the program under test on a path.
is_unix() {
	case $PROGRAM in
	unix/pass_*) false ;;
	unix/*) ;;
	*) false ;;
	esac
}

located() {
	await out '^listening on '
	read -r _ _ ADDR <out
	WHERE=$ADDR
	case $ADDR in
	*:*)
		WHERE=${ADDR%:*} # without the brackets of [::1]
		WHERE=${WHERE#[} WHERE="${WHERE%]} ${ADDR##*:}"
		;;
	esac
	[ "$PROGRAM" != unix/pass_server ] || start_workers 2
}

# start_workers N: WORKERS, for unix/pass_server, which serves nobody itself. They write to the same
# files as the server; HOW they are run is how the server is run, where that concerns them.
start_workers() {
	[ -z "${NO_WORKERS:-}" ] || return 0
	WORKERS=''
	for _ in $(seq "$1"); do
		# shellcheck disable=SC2086 # several words, or none
		${HOW:-} "$BIN/unix/pass_worker" ${HOW_LOUD:-} >>out 2>>err </dev/null &
		WORKERS="$WORKERS $!"
	done
	wait_until 'the workers do not start' has_logged "$1" '^serving the clients of '
}

# sum_up: makes one log of that of unix/pass_server and its workers, with one closing line.
sum_up() {
	awk '/^serving |^workers: |^client .* passed on$/ { next }
		!/^served / { print; next }
		n++ { connections += $2; bytes += $4 } # the first line is the server'"'"'s
		{ user += $7; system_ += $10; kib = $14 > kib ? $14 : kib; processes += $16 }
		END {
			printf "served %d connections, %.0f bytes; cpu %.2f s user, %.2f s system; memory %d KiB, %d processes\n",
				connections, bytes, user, system_, kib, processes
		}' out >sum
	mv sum out
}

CLOSING='served [0-9]+ connections, [0-9]+ bytes; cpu [0-9.]+ s user, [0-9.]+ s system; memory [0-9]+ KiB, [0-9]+ processes'

# ended: the server has been told to stop; it and all its processes go, with the closing line last and
# nothing on stderr but what allow_stderr has let pass.
ended() {
	ends 0 "$PID"
	for worker in ${WORKERS:-}; do
		ends 0 "$worker"
	done
	[ -z "${WORKERS:-}" ] || sum_up
	WORKERS=''
	expect_like "the closing line" "$CLOSING" "$(tail -n 1 out)"
	[ -n "${STDERR_ALLOWED:-}" ] || [ ! -s err ] || fail "the server complained"
}

allow_stderr() {
	STDERR_ALLOWED=1
}

# stop [SIGNAL]: as Ctrl-C or kill does, and its processes are gone with it.
stop() {
	children=''
	case $PROGRAM in
	mpserver/*server | epoll/reuseport_server) children=$(peer children "$PID") ;;
	esac
	kill -"${1:-TERM}" "$PID" 2>/dev/null || fail "the server had ended already"
	ended
	# shellcheck disable=SC2086
	[ -z "$children" ] || peer gone $children
}

# processes: the server and the children that it has now.
processes() {
	echo "$PID $(peer children "$PID" | paste -sd ' ' -)"
}

# crew_of N [GONE]: waits until the server has N children, GONE not among them.
crew_of() {
	wait_until "no crew of $1" is_crew_of "$1" "${2:-none}"
}

is_crew_of() {
	saw=$(peer children "$PID" | grep -vx "$2" || :)
	[ "$(echo "$saw" | wc -w)" -eq "$1" ]
}

# served: the numbers of the closing line, "CONNECTIONS BYTES".
served() {
	sed -n '$s/^served \([0-9]*\) connections, \([0-9]*\) bytes.*/\1 \2/p' out
}

# log_lines PATTERN: how many lines of the server's log are like that.
log_lines() {
	grep -Ec -- "$1" out || :
}

# has_logged N PATTERN: so many of them, or more.
has_logged() {
	saw=$(log_lines "$2")
	[ "$saw" -ge "$1" ]
}

# ticks PID: the CPU time that it has used so far, in ticks of 10 ms.
ticks() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

# stands_still PID: it does not spin. A loop that polls shows in the wake-ups, one that never sleeps in
# the CPU time alone. (A sanitizer has a thread of its own that wakes up.)
stands_still() {
	for pid in "$1" ${WORKERS:-}; do
		ticks_before=$(ticks "$pid")
		woken=$(peer wakeups "$pid")
		used=$(($(ticks "$pid") - ticks_before))
		[ "$used" -lt 10 ] || fail "used $used ticks in a second"
		[ "$woken" -lt 100 ] || [ -n "${SAN:-}" ] || fail "woken $woken times in a second"
	done
}

# kib PID: its memory that is not shared with a file, and that of its workers.
kib() {
	for pid in "$1" ${WORKERS:-}; do
		sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"
	done | awk '{ n += $1 } END { print n + 0 }'
}

# not_above KIB WHAT: the server's memory. A sanitizer takes more as it goes.
not_above() {
	now=$(kib "$PID")
	[ "$now" -le "$1" ] || [ -n "${SAN:-}" ] || fail "$now KiB $2, expected at most $1"
}

# needs_notifications: whether tests/rules_peer can be asked about system calls.
needs_notifications() {
	rules halves true 2>stderr || skip "no seccomp notifications: $(cat stderr)"
}

# ---- Clients

# client [ARGUMENTS]: the client under test.
client() {
	# shellcheck disable=SC2086
	"$P" $OPTIONS "$@" $WHERE
}

# start_client [ARGUMENTS]: in the background, CLIENT, as at a terminal. Its stdin is descriptor 3,
# its stdout ./echo, its stderr ./stderr; it has had one echo.
start_client() {
	rm -f in echo # an earlier client's
	mkfifo in
	# shellcheck disable=SC2086
	"$PEER" group "$P" "$@" $WHERE <in >echo 2>stderr &
	CLIENT=$!
	exec 3>in
	echo abc >&3
	await echo ABC
}

# copy: stdin to the server and its echo to stdout, with a client that fits the server. An answer to a
# datagram has the time to come on a busy machine too.
copy() {
	# shellcheck disable=SC2086
	case $PROGRAM in
	udp/*) "$BIN/udp/client" -t 20 $WHERE ;;
	unix/pass_*) "$BIN/mtserver/client" $WHERE ;;
	unix/dgram_*) "$BIN/unix/dgram_client" -t 20 "$ADDR" ;;
	unix/*) "$BIN/unix/stream_client" "$ADDR" ;;
	*) "$BIN/mtserver/client" $WHERE ;;
	esac
}

# serves: one more client is served as it should be.
serves() {
	expect "the echo" ABC "$(echo abc | copy)"
}

# hold N: N clients that are answered and stay, until let_go.
hold() {
	: >held # await must not see an earlier one's line
	"$PEER" hold "$ADDR" "$1" >held 2>&1 &
	HOLDER=$!
	await held "held $1"
}

let_go() {
	kill -USR1 "$HOLDER"
	wait "$HOLDER" || fail "a client that was there was not served on: $(cat held)"
}

# fill_up N [COMMAND...]: N clients, FILLER, send until the server takes no more, and never read. COMMAND is run
# between their first lines, which are answered, and that.
fill_up() {
	count=$1
	shift
	: >full
	"$BIN/tests/event_peer" fill "$ADDR" "$count" >full 2>&1 &
	FILLER=$!
	await full '^there'
	"$@"
	kill -USR1 "$FILLER"
	await full '^full'
}

# no_file FILE
no_file() {
	[ ! -e "$1" ] || fail "$1 is still there"
}

# needs_io_uring: the server reports what is missing before it looks at this address, which is never right.
needs_io_uring() {
	[ -x "$BIN/uring/server" ] || skip 'make has left uring/ out'
	reason=$("$BIN/uring/server" -a fe80::1 0 2>&1) || :
	case $reason in
	*'io_uring cannot be used'*) skip "$reason" ;;
	esac
}

case $PROGRAM in
uring/*) needs_io_uring ;;
esac

# shellcheck source=/dev/null
. "$FILE"
"$CASE"
