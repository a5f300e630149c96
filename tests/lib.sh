# What the cases are written with. Called by tests/one: lib.sh TESTS FILE - CASE PROGRAM KIND [OPTIONS].
# A case finds:  P the program, PROGRAM and KIND as in tests/programs, BIN the binaries' folder; it
# stands in an empty folder of its own and ends at the first command that fails.
TESTS=$1
FILE=$2
CASE=$4
PROGRAM=$5
KIND=$6
shift 6
OPTIONS=$*
P=$BIN/$PROGRAM

# fail WHAT: ends the case. Shows what the server said, if there is one.
fail() {
	echo "$*"
	for f in out err; do
		[ ! -s "$f" ] || { echo "-- the server's $f:" && tail -n 20 "$f"; }
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

# expect_like WHAT PATTERN SEEN: an extended regular expression for all of one line.
expect_like() {
	printf '%s\n' "$3" | grep -Eqx -- "$2" || fail "$1: expected like '$2', saw '$3'"
}

# expect_exit STATUS COMMAND...: its stdout goes to ./stdout, its stderr to ./stderr.
expect_exit() {
	wanted=$1 status=0
	shift
	"$@" >stdout 2>stderr || status=$?
	[ "$status" -eq "$wanted" ] ||
		fail "$*: expected exit $wanted, saw $status; stderr: $(head -n 5 stderr)"
}

peer() {
	"$BIN/tests/peer" "$@"
}

# within SECONDS COMMAND...
within() {
	timeout -k 1 "$@" || { status=$?; [ $status -ne 124 ] || echo "not done in time: $*"; return $status; }
}

# await FILE PATTERN: until FILE has a line like that.
await() {
	peer await "$1" "$2" || fail "no line '$2' came in $1: $(tail -n 3 "$1" 2>/dev/null)"
}

# wait_until WHAT COMMAND...: until it succeeds; else, after a minute, fails with WHAT and with what
# COMMAND left in $saw.
wait_until() {
	what=$1 saw='' bound=$(($(date +%s) + 60))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$bound" ] || fail "$what: $saw"
	done
}

# start [OPTIONS]: the program under test, a server, on a port that the kernel picks or on $AT_PORT,
# from peer freeport (a path for AF_UNIX). Sets PID, ADDR as it prints it, and WHERE, what a client
# takes for it.
start() {
	start_server "$P" "$@"
}

# start_server SERVER [OPTIONS]: another one, for the tests of a client.
start_server() {
	server=$1
	shift
	operand=${AT_PORT:-0}
	case "$server $*" in
	*/unix/*) operand=./srv.socket ;;
	esac
	: >out # await must not see an earlier server's line
	# shellcheck disable=SC2086 # several words
	"$server" "$@" $OPTIONS "$operand" >out 2>err </dev/null &
	PID=$!
	await out '^listening on '
	located
}

located() {
	ADDR=$(sed -n '1s/^listening on //p' out)
	WHERE=$ADDR
	case $ADDR in
	*:*) WHERE=$(echo "$ADDR" | sed 's/:\([0-9]*\)$/ \1/; s/[][]//g') ;;
	esac
}

# The server that a client is tested with.
start_any() {
	OPTIONS=''
	case $PROGRAM in
	unix/*) start_server "$BIN/unix/stream_server" "$@" ;;
	*) start_server "$BIN/poll/server" "$@" ;;
	esac
}

# client [ARGUMENTS]: the client under test.
client() {
	# shellcheck disable=SC2086
	"$P" $OPTIONS "$@" $WHERE
}

# copy: stdin to the server and its echo to stdout, with any client that fits the server.
copy() {
	case $ADDR in
	*:*) # shellcheck disable=SC2086
		"$BIN/mtserver/client" $WHERE ;;
	*) "$BIN/unix/stream_client" "$ADDR" ;;
	esac
}

CLOSING='served [0-9]+ connections, [0-9]+ bytes; cpu [0-9.]+ s user, [0-9.]+ s system; memory [0-9]+ KiB, [0-9]+ processes'

# ended: the server has been told to stop; it and all its processes go, with the closing
# line last and nothing on stderr but what allow_stderr has let pass.
ended() {
	peer gone "$PID"
	status=0
	wait "$PID" || status=$?
	expect "the server's exit status" 0 "$status"
	expect_like "the closing line" "$CLOSING" "$(tail -n 1 out)"
	[ -n "${STDERR_ALLOWED:-}" ] || [ ! -s err ] || fail "the server complained"
}

allow_stderr() {
	STDERR_ALLOWED=1
}

# stop: as Ctrl-C or kill does, and its processes are gone with it.
stop() {
	children=$(peer children "$PID")
	kill -"${1:-TERM}" "$PID"
	ended
	# shellcheck disable=SC2086
	peer gone $children
}

# The CPU time that process $1 has used so far, in ticks of 10 ms.
ticks() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

# stands_still PID: it does not spin. A loop that polls shows in the wake-ups, one that never sleeps
# in the CPU time alone. (A sanitizer has a thread of its own that wakes up.)
stands_still() {
	before=$(ticks "$1")
	woken=$(peer wakeups "$1")
	used=$(($(ticks "$1") - before))
	[ "$used" -lt 10 ] || fail "used $used ticks in a second"
	[ "$woken" -lt 100 ] || [ -n "${SAN:-}" ] || fail "woken $woken times in a second"
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

# shellcheck source=/dev/null
. "$FILE"
"$CASE"
