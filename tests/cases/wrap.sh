# The unit tests of wrap/.

#: suite 60s
unit_wrap() {
	"$BIN/tests/unit_wrap" >said 2>&1 || fail "$(grep -vE '^(ok|listening on) ' said)"
	grep -q '^ok ' said || fail "nothing was tested"
}
