# Each exercise under exercises/ can be solved: make grade gives full marks to its solution, and fewer to
# what the student starts from. PROGRAM is the exercise's name; this case runs in make test-exercises only.

# shellcheck source=tests/breaks/twin.sh
. "$TESTS/breaks/twin.sh"
SUITE=${TESTS%/tests}
EXERCISE=$SUITE/exercises/$PROGRAM

# grade PROGRAM: its report is in ./report. Returns the grader's status.
grade() {
	graded=$(field_of "$EXERCISE" graded | sed "s|{program}|$1|")
	mkdir -p tmp
	(cd "$SUITE" && eval "env TMPDIR='$OLDPWD/tmp' EX='$PROGRAM' $graded '$BIN/tests/grade/grade'") >report 2>&1
}

# built FILE FOLDER: PROGRAM's twin with the edits of FILE, without a warning.
built() {
	make_twin "$1" "$2" >said || fail "$(cat said)"
	expect "the compiler's words" '' "$(cat said)"
}

# The start is a break, a file of edits beside the exercise, another program, or the program without the
# solution's edit. The level that it loses is known, so that it does not lose for another reason.
#: exercise 120s
exercise() {
	subject=$(field_of "$EXERCISE" program)
	case $subject in
	uring/*) needs_io_uring ;;
	esac
	start=$(field_of "$EXERCISE" start)
	solved=$SUITE/$subject begun=$SUITE/${start:-$subject}
	for file in "$SUITE/breaks/$start" "$SUITE/exercises/$start"; do
		if [ -f "$file" ]; then
			built "$file" "$PWD/start"
			begun=$PWD/start/$subject
		fi
	done
	if [ -n "$(files_of "$EXERCISE")" ]; then
		built "$EXERCISE" "$PWD/solution"
		solved=$PWD/solution/$subject
	fi
	export ANSWER_SECONDS=20
	grade "$solved" || fail "the solution: $(cat report)"
	for ANSWER_SECONDS in 1 5 20; do # longer if the machine seems too busy
		status=0
		grade "$begun" || status=$?
		expect "the exit status of make grade for the start" 1 "$status"
		lost=$(sed -n 's|^ *[0-9]* \(.*[^ ]\) *0/[0-9]* *after: .*|\1|p' report | head -n 1)
		[ "$lost" != "$(field_of "$EXERCISE" loses)" ] || break
	done
	expect 'the first level that the start loses' "$(field_of "$EXERCISE" loses)" "$lost"
}
