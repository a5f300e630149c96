# What a play is written with, besides tests/lib.sh. It prints what one types ("$ ..."), what comes,
# and what one would look up ("-- ..."). BREAK is the file of the break; PATIENCE are the seconds after
# which something that has not happened counts as not happening. {at} in a command stands for what a
# client of the server takes ("127.0.0.1 9527", or a path), {addr} for what the server printed.
#
#   serve SERVER [OPTIONS]    starts it; unix/pass_server with two workers, unless NO_WORKERS=1
#   try COMMAND               runs it to its end
#   begin COMMAND             starts it in the background
#   prints LINE               waits until the last one begun has printed a line like LINE
#   logs LINE                 the same of the server
#   finishes                  waits until the last one begun has ended
#   signal NAME [PROGRAM]     sends a signal to the server, or to another program of this play
#   alive                     whether the server runs, or how it ended
#   cpu [PROGRAM]             whether the server, or another program, sleeps or spins
#   before WHAT, after WHAT   how many descriptors, threads, zombies or KiB the server has more since then
#   reached STATE             waits until the server has a TCP connection in that state of tcp(7)
#   left STATE                whether it soon has none in that state
#   press_ctrl_c              whether the server ends at once
#   terminal COMMAND          starts it as begin does, and what is typed goes to it
#   types LINE                types a line there
#   press_ctrl_d              types the end of its input
#   survives                  alive, after two seconds in which the server may end
#   backlog N                 waits until N clients wait for the server's accept
#   signal_child NAME         sends a signal to a child of the server
#   needs_root                the scene is skipped without it
# Any other command is not shown.

play() {
	for folder in "$BIN"/*/; do
		ln -s "${folder%/}" .
	done
	awk -f "$TESTS/breaks/field.awk" -v name=play "$BREAK" >play
	# shellcheck source=/dev/null
	. ./play
}

# typed COMMAND: sets COMMAND, as it is typed.
typed() {
	COMMAND=$(printf '%s\n' "$1" | sed "s|{at}|${WHERE:-}|g; s|{addr}|${ADDR:-}|g")
}

# glance FILE: as much of it as one looks at.
glance() {
	lines=$(wc -l <"$1")
	head -n 8 "$1" | cut -c1-110
	[ "$lines" -le 8 ] || echo "-- and $((lines - 8)) lines more"
}

# how_it_ended WHO STATUS
how_it_ended() {
	if [ "$2" -gt 128 ]; then
		echo "-- $1 was ended by SIG$(kill -l "$2")"
	elif [ "$2" -ne 0 ]; then
		echo "-- $1 ended with status $2"
	fi
}

# is_over PID: it has ended, perhaps as a zombie.
is_over() {
	case $(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) in
	'' | Z | X) ;;
	*) return 1 ;;
	esac
}

serve() {
	PROGRAM=$1
	echo "\$ $* &"
	shift
	: >out
	: >err
	set_operand
	"$PROGRAM" "$@" "$OPERAND" >>out 2>>err </dev/null &
	PID=$!
	wait_until "$PROGRAM does not start" has_started
	[ -s out ] || { alive && return; }
	located
	head -n 1 out
	[ -z "${WORKERS:-}" ] || echo '-- and two of unix/pass_worker'
}

has_started() {
	[ -s out ] || is_over "$PID"
}

try() {
	typed "$1"
	status=0
	echo "\$ $COMMAND"
	within "$PATIENCE" sh -c "$COMMAND" >said 2>&1 || status=$?
	if grep -q '^not done after [0-9]* s; still running:$' said; then
		sed '/^not done after/,$d' said >came
		glance came
		echo "-- it has not ended after $PATIENCE s"
	else
		glance said
		how_it_ended it "$status"
	fi
}

begin() {
	typed "$1"
	echo "\$ $COMMAND &"
	in_background /dev/null
}

# in_background FILE: COMMAND, which reads FILE.
in_background() {
	rm -f begun # the last one's, which may still write to it
	: >begun
	"$PEER" group sh -c "$COMMAND" <"$1" >begun 2>&1 &
	BEGUN=$!
	SHOWN=0
}

finishes() {
	if eventually is_over "$BEGUN"; then
		status=0
		wait "$BEGUN" || status=$?
		rest_of_begun
		how_it_ended it "$status"
	else
		rest_of_begun
		echo "-- it has not ended after $PATIENCE s"
	fi
}

# rest_of_begun: what prints has not shown yet.
rest_of_begun() {
	tail -n +$((SHOWN + 1)) begun >rest
	glance rest
}

# awaited FILE LINE WHO
awaited() {
	if within "$PATIENCE" "$PEER" await "$1" "$2" 2>/dev/null; then
		grep -E -- "$2" "$1" | head -n 1 | cut -c1-110
	else
		echo "-- $3 has not printed such a line after $PATIENCE s: $2"
	fi
}

prints() {
	awaited begun "$1" it
	SHOWN=$(grep -En -- "$1" begun | sed -n '1s/:.*//p')
	SHOWN=${SHOWN:-0}
}

logs() {
	if eventually has_line "$1"; then
		grep -E -- "$1" log | head -n 1 | cut -c1-110
	else
		echo "-- the server has not printed such a line after $PATIENCE s: $1"
	fi
}

has_line() {
	cat out err >log
	grep -Eq -- "$1" log
}

# pid_of PROGRAM: the one that runs in this play; the server if it is ''.
pid_of() {
	[ -n "$1" ] || { echo "$PID" && return; }
	# shellcheck disable=SC2012 # one ls, because a readlink for each process takes long
	for pid in $(ls -l /proc/[0-9]*/cwd 2>/dev/null | sed -n "s|.* /proc/\([0-9]*\)/cwd -> $PWD\$|\1|p"); do
		[ "$(tr '\0' '\n' <"/proc/$pid/cmdline" | head -n 1)" != "$1" ] || echo "$pid"
	done 2>/dev/null | head -n 1
}

signal() {
	echo "\$ kill -$1 ${2:-$PROGRAM}"
	kill -"$1" "$(pid_of "${2:-}")"
}

alive() {
	if is_over "$PID"; then
		status=0
		wait "$PID" || status=$?
		glance err
		[ "$status" -ne 0 ] || echo '-- the server ended'
		how_it_ended 'the server' "$status"
	else
		echo '-- the server runs'
	fi
}

cpu() {
	pid=$(pid_of "${1:-}")
	[ -n "$pid" ] || { echo "-- $1 does not run" && return; }
	used=$(ticks "$pid")
	woken=$(peer wakeups "$pid") # looks for a second
	used=$(($(ticks "$pid") - used))
	if [ "$used" -lt 10 ] && [ "$woken" -lt 100 ]; then
		echo "-- ${1:-the server} sleeps"
	else
		echo "-- ${1:-the server} spins: in a second $((used * 10)) ms of CPU time, woken $woken times"
	fi
}

# number_of WHAT: how many the server has.
number_of() {
	case $1 in
	descriptors) find "/proc/$PID/fd" -type l | wc -l ;;
	threads) find "/proc/$PID/task" -mindepth 1 -maxdepth 1 | wc -l ;;
	zombies) for child in $(peer children "$PID"); do is_over "$child" && echo "$child"; done | wc -l ;;
	KiB) kib "$PID" ;;
	esac
}

before() {
	BEFORE=$(number_of "$1")
}

after() {
	grace=0
	[ "$1" != KiB ] || grace=1024
	if eventually as_before "$1" $grace; then
		echo "-- the server has no more $1 than before"
	else
		echo "-- the server has $((saw - BEFORE)) $1 more than before"
	fi
}

as_before() {
	saw=$(number_of "$1")
	[ "$saw" -le $((BEFORE + $2)) ]
}

# eventually COMMAND...: whether it succeeds while there is patience.
eventually() {
	patient_until=$(($(peer clock) + PATIENCE * 1000))
	until "$@"; do
		[ "$(peer clock)" -lt $patient_until ] || return 1
		peer moment
	done
}

reached() {
	if eventually has_connection "$1"; then
		echo "-- a connection of the server is in $1"
	else
		echo "-- no connection of the server is in $1 after $PATIENCE s"
	fi
}

left() {
	if eventually has_no_connection "$1"; then
		echo "-- no connection of the server is in $1"
	else
		echo "-- $saw connections of the server are still in $1 after $PATIENCE s"
	fi
}

has_connection() {
	! has_no_connection "$1"
}

has_no_connection() {
	case $1 in
	ESTABLISHED) state=01 ;;
	FIN_WAIT2) state=05 ;;
	CLOSE_WAIT) state=08 ;;
	esac
	saw=$(awk -v port="$(printf ':%04X' "${ADDR##*:}")" -v state="$state" \
		'index($2, port) && $4 == state' /proc/net/tcp | wc -l)
	[ "$saw" -eq 0 ]
}

press_ctrl_c() {
	echo '^C'
	kill -INT "$PID"
	eventually is_over "$PID" || echo "-- the server still runs after $PATIENCE s"
	! is_over "$PID" || { tail -n 1 out && alive; }
}

terminal() {
	typed "$1"
	echo "\$ $COMMAND"
	rm -f keys
	mkfifo keys
	in_background keys
	exec 9>keys
}

types() {
	echo "> $1"
	(trap '' PIPE && printf '%s\n' "$1" >&9) 2>/dev/null || : # the program may have ended
}

needs_root() {
	[ "$(id -u)" -eq 0 ] || skip 'this scene needs root'
}

press_ctrl_d() {
	echo '^D'
	exec 9>&-
}

signal_child() {
	eventually has_child || fail 'the server has no child'
	echo "-- $saw is a child of the server"
	echo "\$ kill -$1 $saw"
	kill -"$1" "$saw"
}

has_child() {
	saw=$(peer children "$PID" | head -n 1)
	[ -n "$saw" ]
}

survives() {
	patience=$PATIENCE
	PATIENCE=2
	eventually is_over "$PID" || :
	PATIENCE=$patience
	alive
}

backlog() {
	wait_until "too few clients wait to be accepted" has_backlog "$1"
	echo "-- $saw clients wait to be accepted"
}

# has_backlog N: a listening socket's queue stands where others have the bytes that were received.
has_backlog() {
	saw=$((0x$(awk -v port="$(printf ':%04X' "${ADDR##*:}")" \
		'index($2, port) && $4 == "0A" { print substr($5, 10) }' /proc/net/tcp)))
	[ "$saw" -ge "$1" ]
}
