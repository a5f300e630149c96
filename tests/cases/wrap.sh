# The unit tests of wrap/.

# unit NAME: all checks of tests/unit_NAME hold.
unit() {
	"$BIN/tests/unit_$1" >said 2>&1 || fail "$(grep -vE '^(ok|listening on) ' said)"
	grep -q '^ok ' said || fail "nothing was tested"
}

#: suite 60s
unit_wrap() {
	unit wrap
}

#: suite 60s
unit_text() {
	unit text
}

#: suite 60s
unit_echo() {
	unit echo
}
