# What holds for the suite as a whole.

# The diff between neighbours is the lesson, and no more than that.
#: suite
diff_budget() {
	"$TESTS/diff_budget" >budgets || fail "$(cat budgets)"
}
