# What holds for the suite as a whole.

# The diff between two neighbours is small enough to be the lesson.
#: suite
diff_budget() {
	"$TESTS/diff_budget" >budgets || fail "$(cat budgets)"
}

# a_small_suite: a suite of five cases in ./small, of which two pass.
a_small_suite() {
	unset T TIMES FILES BOUND
	mkdir -p small/tests/cases
	cp "$TESTS/run" "$TESTS/one" "$TESTS/lib.sh" small/tests
	echo 'poll/server event' >small/tests/programs
	cat >small/tests/cases/small.sh <<-'end'
		#: servers
		good() { start && stop; }
		#: suite
		good_too() { :; }
		#: suite
		bad() { expect 'the answer' 42 43; }
		#: suite
		absent() { skip 'no such machine'; }
		#: suite 6s
		slow() { await nothing 'a line'; }
		#: suite 2s full
		stuck() { sleep 1234; }
	end
}

# A failure prints what was expected, or awaited, or still running. In a pipe nothing else is printed.
#: suite
run_reports() {
	a_small_suite
	expect_exit 1 small/tests/run
	expect "the last line" '2 passed, 2 failed, 1 skipped' "$(tail -n 1 stdout)"
	expect "lines about good ones" 0 "$(grep -c '^ok' stdout)"
	for line in 'skip absent suite: no such machine' 'FAIL bad suite' "     the answer: expected '42', saw '43'" \
		"     no line 'a line' came in nothing: "; do
		grep -Fqx -- "$line" stdout || fail "no line '$line': $(cat stdout)"
	done
	expect_exit 1 small/tests/run stuck
	for line in '     not done after [0-9]+ s; still running:' '  +sleep 1234'; do
		grep -Eqx "$line" stdout || fail "no line '$line': $(cat stdout)"
	done
	T=poll expect_exit 0 small/tests/run good
	expect "all of it" '1 passed, 0 failed' "$(cat stdout)"
}

# On a terminal one line shows how far it is.
#: suite
run_shows_progress() {
	command -v script >/dev/null || skip "no script(1) to make a terminal"
	a_small_suite
	script -qec 'small/tests/run good' /dev/null >said </dev/null
	tr '\r' '\n' <said | grep -q '1 passed, 0 failed of 1$' || fail "$(cat said)"
}

# What cannot be run is refused with a line that says what to do.
#: suite
run_refuses() {
	a_small_suite
	T=nope expect_exit 2 small/tests/run
	expect "no such topic" \
		"tests/run: there is no topic 'nope' in tests/programs; the topics are: poll" "$(cat stderr)"
	expect_exit 2 small/tests/run nope
	expect_like "no such case" 'tests/run: no such case.*: nope .*' "$(cat stderr)"
	BIN=. expect_exit 2 small/tests/run
	expect_like "nothing is built" "tests/run: .*'make all tests' builds it.*" "$(cat stderr)"
}
