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

# The start is a break, another program, or the program without the solution's edit.
#: exercise 120s
exercise() {
	program=$(field_of "$EXERCISE" program)
	start=$(field_of "$EXERCISE" start)
	solved=$SUITE/$program begun=$SUITE/${start:-$program}
	if [ -f "$SUITE/breaks/$start" ]; then
		built "$SUITE/breaks/$start" "$PWD/start"
		begun=$PWD/start/$program
	fi
	if [ -n "$(files_of "$EXERCISE")" ]; then
		built "$EXERCISE" "$PWD/solution"
		solved=$PWD/solution/$program
	fi
	grade "$solved" || fail "the solution: $(cat report)"
	status=0
	ANSWER_SECONDS=1 grade "$begun" || status=$?
	expect "the exit status of make grade for the start" 1 "$status"
	grep -q ' 0/[0-9]* *after: ' report || fail "no reason in the report: $(cat report)"
}
