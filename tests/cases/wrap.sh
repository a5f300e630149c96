# shellcheck shell=sh
# The unit tests of wrap/.

#: suite
unit_wrap() {
	within 120 "$BIN/tests/unit_wrap" >said 2>&1 || fail "$(grep -vE '^(ok|listening on) ' said)"
	grep -q '^ok ' said || fail "nothing was tested"
}
