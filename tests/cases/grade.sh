# make grade: full marks for what is right, a clear report for what is wrong, in bounded time, and nothing
# of it stays.

[ -z "${SAN:-}" ] || skip 'a sanitizer takes times and memory of its own'

# grade [NAME=VALUE]...: its report is in ./report, its exit status in $status.
grade() {
	status=0
	env LEVELS="$PWD/levels" START_SECONDS=2 "$@" "$BIN/tests/grade/grade" >report 2>&1 || status=$?
	mark=$(printf '%s\n' "$@" | sed -n 's/.*[SC]=\([^ ]*\).*/\1/p')
	expect 'processes that stay' '' "$(descended)"
	expect 'folders that stay' '' "$(find /tmp -maxdepth 1 -name 'grade.*' -newer levels -user "$(id -un)" \
		2>/dev/null | grep -Fx "$(cat folder 2>/dev/null)" || :)"
}

# descended: what the program has started carries this folder's name in its environment.
descended() {
	for pid in $(grep -alsF "GRADED_IN=$PWD" /proc/[0-9]*/environ | tr -dc '0-9\n'); do
		[ ! -e "/proc/$pid/exe" ] || echo "$pid"
	done
}
