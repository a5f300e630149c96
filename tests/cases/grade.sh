# make grade: full marks for what is right, a report for what is wrong, in bounded time, and nothing of it
# stays. tests/grade/bad_server is right but for one thing.

[ -z "${SAN:-}" ] || skip 'a sanitizer takes time and memory of its own'

BAD=$BIN/tests/grade/bad_server

# grade [NAME=VALUE]...: its report is in ./report, its exit status in $status. What is right may take its
# time, as on a busy machine.
grade() {
	mkdir -p tmp
	status=0
	[ -e levels ] || cp "$TESTS/grade/levels" levels
	env TMPDIR="$PWD/tmp" LEVELS=levels START_SECONDS=20 ANSWER_SECONDS=20 "$@" \
		"$BIN/tests/grade/grade" >report 2>&1 || status=$?
	expect 'files that stay' '' "$(find tmp -mindepth 1)"
	expect 'processes that stay' '' "$(grep -alsF "TMPDIR=$PWD/tmp" /proc/[0-9]*/environ || :)"
}

# only LEVEL...: the table has only these, so that the case is short.
only() {
	awk -F ' *[|]' -v names="any level;$(printf '%s;' "$@")" '
		/^[^#\t]/ { wanted = index(";" names, ";" $1 ";") }
		wanted' "$TESTS/grade/levels" >levels
}

# says PATTERN: the report, its lines joined, has such a text.
says() {
	tr '\n' ' ' <report | tr -s ' ' | grep -Eq -- "$1" || fail "no '$1' in the report: $(cat report)"
}

# all_points: the program under test, or KIND=... S=..., gets them all.
all_points() {
	grade "$@"
	says '(^| )stands at level ([0-9]+) of \2: ([0-9]+) of \3 points $'
	expect 'the exit status' 0 "$status"
}

# loses LEVEL [NAME=VALUE]...: it gets no points for this level, which is the first one that it loses. The
# grader waits a second for answers that do not come, and longer if the machine seems too busy for that.
loses() {
	level=$1
	shift
	for seconds in 1 5 20; do
		grade START_SECONDS=$seconds ANSWER_SECONDS=$seconds "$@"
		lost=$(sed -n 's|^ *[0-9]* \(.*[^ ]\) *0/10 .*|\1|p' report | head -n 1)
		[ "$lost" != "$level" ] || break
	done
	expect 'the first level that is lost' "$level" "$lost"
	expect 'the exit status' 1 "$status"
}

# graded: the program under test, as its kind.
graded() {
	address='{port}'
	case $PROGRAM in
	unix/*) address='{path}' ;;
	esac
	case $PROGRAM in
	*client) all_points KIND="$KIND" C="'$P' $OPTIONS $(echo "$address" | sed 's/{port}/{host} {port}/')" ;;
	*) all_points KIND="$KIND" S="'$P' $OPTIONS -q $address" ;;
	esac
}

#: tcp/server mtserver/server mtserver/prethread_server epoll/et_server udp/server poll/client 200s
grade_full_marks() {
	graded
}

#: servers datagram stream -unix/pass_server -tcp/server -mtserver/server -mtserver/prethread_server -epoll/et_server -udp/server -poll/client full 200s
grade_full_marks_for_all() {
	graded
}

# ---- Servers that do not start

#: suite 60s
grade_never_starts() {
	loses answers S='echo no such thing >&2; false {port}'
	says 'saw it ended with status 1 before it listened'
	says 'it printed last: no such thing'
	says 'not tried: it needs level 1 \(answers\)'
	loses answers S='./no_such_program {port}'
	says 'saw it ended with status 127 before it listened'
	says 'sh: .*no_such_program: not found'
}

#: suite 60s
grade_never_listens() {
	loses answers S="$BAD absent {port}"
	says 'expected a TCP socket on port [0-9]+; saw no such socket after .* the program runs'
}

#: suite full 60s
grade_never_binds() {
	loses answers S='sleep 100 # {path}'
	says 'expected a stream socket on the path [^ ]*/socket; saw no such socket'
}

#: suite 60s
grade_wrong_port() {
	loses answers S="$BAD elsewhere {port}"
	says 'saw the program waits for clients on TCP port [0-9]+'
}

# The port that comes of it must be one that the kernel gives nobody.
#: suite full 60s
grade_swapped_port() {
	swapped=0
	while [ $swapped -lt 2000 ] || [ $swapped -ge 32768 ]; do
		port=$(peer freeport)
		swapped=$((port % 256 * 256 + port / 256))
	done
	loses answers S="$BAD swapped {port}" PORT="$port"
	says "saw the program waits for clients on TCP port $swapped likely: .* htons is missing"
	says 'read: tcp/README.md#addresses-and-byte-order'
}

# Where PORT says that it listens, somebody else does.
#: suite full 60s
grade_port_taken() {
	only answers
	OPTIONS='' P=$BIN/poll/server AT_PORT=$(peer freeport)
	start
	loses answers S="$BAD good {port}" PORT="$AT_PORT"
	says 'saw another program has this address already'
	stop
	all_points S="cd / && '$BAD' good $AT_PORT" PORT="$AT_PORT"
}

# ---- Servers that do one thing wrong

# Megabytes on stdout neither stop the server nor the grader.
#: suite 60s
grade_flood() {
	only answers 'answers again' 'one after another'
	all_points S="$BAD flood {port}"
}

# A daemon is graded like any other server, and is ended although it called setsid.
#: suite 60s
grade_daemon() {
	only answers 'answers again' restart SIGTERM
	all_points S="$BAD daemon {port}"
}

#: suite 60s
grade_ignores_sigterm() {
	only answers 'answers again' SIGTERM
	loses SIGTERM S="$BAD stubborn {port}"
	says 'saw it still runs likely'
}

#: suite full 60s
grade_ends_at_eintr() {
	only answers 'answers again' 'one after another' half-close 'Ctrl-Z and fg'
	loses 'Ctrl-Z and fg' S="$BAD weak {port}"
	says 'after: .*SIGSTOP; SIGCONT'
	says 'EINTR is taken for an error'
}

#: suite 60s
grade_answers_once() {
	only answers 'answers again' 'every byte'
	loses 'answers again' S="$BAD once {port}"
	says 'it answers once and closes'
}

#: suite 60s
grade_plain_echo() {
	only answers 'answers again'
	loses answers S="$BAD plain {port}"
	says 'expected "HELLO.n"; saw "hello.n"'
	says 'ECHO=plain'
	all_points S="$BAD plain {port}" ECHO=plain
}

#: suite full 60s
grade_answers_badly() {
	only answers 'answers again' 'every byte'
	loses answers S="$BAD mute {port}"
	says 'expected "HELLO.n"; saw nothing for '
	loses 'answers again' S="$BAD dribble {port}"
	says 'expected "AGAIN.n"; saw "H'
}

#: suite full 60s
grade_crash() {
	only answers 'answers again' 'one after another'
	loses 'one after another' S="$BAD crash {port}"
	says 'the server has ended by signal 11 \(SIGSEGV\)'
}

#: suite full 90s
grade_leak() {
	only answers 'answers again' 'one after another' half-close 'hundreds in a row'
	loses half-close S="$BAD leak {port}"
	says 'likely: .*another copy of the descriptor is still open'
	says 'see it: make break B=mpserver/parent_keeps_cfd'
	says ' hundreds in a row 0/10 .* a descriptor stays open'
}

#: suite full 60s
grade_zombies() {
	only answers 'answers again' 'one after another' 'hundreds in a row'
	loses 'hundreds in a row' S="$BAD zombies {port}"
	says 'saw [0-9]+ descriptors, [0-9]+ threads and processes, [0-9]{3} zombies'
}

#: suite full 60s
grade_spins() {
	only answers 'answers again' 'one after another' 'reset and leave'
	loses 'reset and leave' S="$BAD spin {port}"
	says 'saw they run, or are ready to run, [0-9]+ % of the time'
}

# ---- Clients that do one thing wrong

#: suite full 60s
grade_bad_clients() {
	only copies 'closed early' refused
	loses copies C="cat # {port}"
	says 'expected "ONE LINE.* saw "one line'
	only refused
	loses refused C="true # {port}"
	says 'saw it ended with status 0'
	loses refused C="false # {port}"
	says 'saw status 1, and nothing on stderr'
}

# ---- The report

#: suite 60s
grade_formats() {
	only answers 'answers again'
	grade FORMAT=tap S="$BAD good {port}"
	expect 'TAP' 'TAP version 13
1..2
ok 1 - answers
ok 2 - answers again
# stands at level 2 of 2: 20 of 20 points' "$(cat report)"
	grade FORMAT=tap S="$BAD once {port}"
	says ' not ok 2 - answers again # after'
	says ' # expected "AGAIN'
	# shellcheck disable=SC2016 # for the other shell
	grade FORMAT=gradescope S='printf '\''a "quote", a \\ and a \t tab\n'\''; false {port}'
	expect 'the exit status' 1 "$status"
	says '^\{"score": 0, "output": "stands at level 0 of 2", "tests": \[ \{"number"'
	says ' \{"number": "1", "name": "answers", "score": 0, "max_score": 10, "status": "failed", "output": "'
	says 'a ."quote.", a .. and a tab.n"\}, '
	says '"output": "not tried: it needs level 1 \(answers\).n"\} \]}'
	! command -v python3 >/dev/null || python3 -c 'import json; json.load(open("report"))' ||
		fail "no JSON: $(cat report)"
}

# An exercise is the levels that it includes, and its own trial behind them. It finds its table in the
# suite's folder.
#: suite 60s
grade_exercise() {
	ln -s "$TESTS" tests
	grade EX=lines FORMAT=tap S="$BAD good {port}"
	expect 'the levels' 'answers
answers again
every byte
one after another
lines' "$(sed -n 's/^[a-z ]*ok [0-9]* - //p' report)"
	says 'not ok 5 - lines # after: connect; send "half "'
	for arguments in EX=none KIND=datagram; do
		grade EX=lines S="$BAD good {port}" "$arguments"
		expect "the exit status with $arguments" 2 "$status"
		expect_like "with $arguments" 'make grade: .*EX.*' "$(cat report)"
	done
}

# What cannot be graded is refused with a line that says what to do.
#: suite
grade_refuses() {
	for arguments in A=1 S=./mine "S=./mine {port}:C=./mine {port}" "S=./mine {port}:KIND=fast" \
		"S=./mine {port}:FORMAT=xml" "S=./mine:PORT=70000" "S=./mine {port}:LEVELS=nowhere"; do
		one=${arguments#*:}
		grade "${arguments%%:*}" "$one"
		expect "the exit status with $arguments" 2 "$status"
		expect_like "with $arguments" 'make grade: .*' "$(cat report)"
	done
}

# Ended in the middle, as Ctrl-C and kill do.
#: suite 60s
grade_interrupted() {
	mkdir tmp
	env TMPDIR="$PWD/tmp" LEVELS="$TESTS/grade/levels" S="$BAD daemon {port}" "$BIN/tests/grade/grade" >report 2>&1 &
	grader=$!
	await report ' 2 answers again '
	kill -TERM $grader
	ends 130 $grader
	expect 'files that stay' '' "$(find tmp -mindepth 1)"
	expect 'processes that stay' '' "$(grep -alsF "TMPDIR=$PWD/tmp" /proc/[0-9]*/environ || :)"
}

# The tables name pages, headings and programs that exist.
#: suite
grade_table() {
	cd "$TESTS/.." || fail "no $TESTS/.."
	awk -F ' *[|] *' '/^\t/ && $3 != "" { print $3 }' tests/grade/levels tests/grade/exercises | sort -u >"$OLDPWD/pages"
	while IFS='#' read -r page heading; do
		[ -e "$page" ] || fail "no page $page"
		sed -n 's/^##* //p' "$page" | tr 'A-Z ' 'a-z-' | tr -dc 'a-z0-9_\n-' | grep -Fqx -- "$heading" ||
			fail "$page has no heading #$heading"
	done <"$OLDPWD/pages"
}

# The parts that are no sockets.
#: suite
grade_units() {
	"$BIN/tests/unit_grade" >out || fail "$(grep FAIL out)"
}
