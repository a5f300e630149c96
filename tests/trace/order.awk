# Puts the calls of all processes into one order. Reads a file of strace -ff -ttt -T for each process and
# prints lines for sort(1): "TIME RANK PROCESS KIND CALL". KIND is "wait" for the start of a call that
# had to wait, "call" for everything else.
#
# No effect may stand before its cause. So a call that reaches others (send, close, fork) counts from its
# start, and a call that learns of others (recv, poll, accept) from its end; RANK puts causes first where
# both have the same time.
#
# The end is not in the file: start and duration together are too early by what strace itself takes, which
# on a busy machine are milliseconds. But it is certain that the end comes before the next call of the same
# process. So that is when it counts, unless the process computed for long in between. (futex, nanosleep
# and the like are traced for this alone: a thread may hand on what it learned.)

BEGIN {
	A_WAIT = 0.0002 # seconds: what returns sooner did not wait
	FOR_LONG = 0.05
}

function learns(call) {
	return call ~ /^(p?poll|_?(new)?select|pselect6|epoll_p?wait2?|io_uring_enter|accept4?|readv?|recv[a-z]*|wait4|pause|rt_sigsuspend)\(/
}

function print_learned(next_start) {
	if (learned == "") return
	if (next_start != "" && next_start - learned_at < FOR_LONG) learned_at = next_start - 0.000001
	printf "%.6f 1 %s call %s\n", learned_at, process, learned
	learned = ""
}

$1 !~ /^[0-9]+\.[0-9]+$/ { next } # no line of strace

{
	print_learned(FILENAME == process ? $1 : "")
	process = FILENAME
	start = $1
	call = substr($0, length($1) + 2)
	took = "" # stays empty for a call that never returned
	if (match(call, / <[0-9.]+>$/)) {
		took = substr(call, RSTART + 2, RLENGTH - 3)
		call = substr(call, 1, RSTART - 1)
	}
	if (!learns(call)) {
		printf "%.6f 0 %s call %s\n", start, process, call
		next
	}
	if (took == "" || (took > A_WAIT && call !~ /MSG_DONTWAIT/))
		printf "%.6f 0 %s wait %s\n", start, process, call
	if (took != "") {
		learned = call
		learned_at = start + took
	}
}

END { print_learned("") }
