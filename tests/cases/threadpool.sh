# shellcheck shell=sh
# The pool, and what is its own in the server, the client and the demo.

# Every sentence of threadpool.h, with memory that is not zero when it comes. One thread could not
# be started: said once, however often the manager tries.
#: threadpool/demo
pool_unit() {
	MALLOC_PERTURB_=165 within 100 "$BIN/tests/unit_threadpool" >out 2>complaints || fail "$(grep FAIL out)"
	expect "the last test" 'ok tiny tasks from several adders, each once' "$(tail -n 1 out)"
	expect_like "the complaint" '.*: pthread_create: .* \(EAGAIN\)' "$(cat complaints)"
	expect "complaints" 1 "$(wc -l <complaints)"
}

needs_valgrind() {
	[ "${BIN#*/build/}" = "$BIN" ] || skip "a sanitizer's build"
	command -v valgrind >valgrind || skip "no valgrind"
	valgrind -q "$BIN/threadpool/demo" -h >out 2>&1 || skip "valgrind can't read what this compiler writes"
}

# No memory lost or used after its end.
#: threadpool/demo full
pool_valgrind() {
	needs_valgrind
	within 110 valgrind -q --leak-check=full --show-leak-kinds=all --error-exitcode=9 \
		"$BIN/tests/unit_threadpool" 2000 - >out 2>complaints || fail "$(grep FAIL out; cat complaints)"
}

# No race and no lock order, apart from a signal that glibc's timedwait itself sends without the lock.
#: threadpool/demo full
pool_helgrind() {
	needs_valgrind
	printf '{\nglibc\nHelgrind:Misc\n...\nfun:pthread_cond_timedwait*\n}\n' >known
	within 110 valgrind -q --tool=helgrind --history-level=approx --suppressions=known \
		--error-exitcode=9 "$BIN/tests/unit_threadpool" 2000 - >out 2>complaints ||
		fail "$(grep FAIL out; cat complaints)"
}

threads_of() {
	find "/proc/$PID/task" -mindepth 1 -maxdepth 1 | wc -l
}

# Many clients are served by the threads that there were at the start; one that is idle or never
# reads holds none of them.
#: threadpool/server
few_threads() {
	start -q
	before=$(threads_of)
	[ "$before" -le 6 ] || fail "$before threads"
	mkfifo in
	peer hold "$ADDR" 500 <in >held &
	holder=$!
	exec 3>in
	await held '^held 500'
	for i in 1 2 3 4 5 6 7 8; do
		peer stuck "$ADDR" <in >"stuck$i" &
		stuck="${stuck:-} $!"
	done
	for i in 1 2 3 4 5 6 7 8; do
		await "stuck$i" '^stuck'
	done
	within 20 "$BIN/tests/peer" ping "$ADDR" 100
	expect "threads with 508 clients" "$before" "$(threads_of)"
	# shellcheck disable=SC2086
	kill $stuck $holder
	stop
}

# A client's lines stay in order, though each may be echoed by another thread.
#: threadpool/server
order_across_threads() {
	start -q
	seq 200000 >sent
	for i in 1 2 3; do
		copy <sent >"echo$i" &
		clients="${clients:-} $!"
	done
	for client in $clients; do
		wait "$client"
	done
	for i in 1 2 3; do
		cmp sent "echo$i"
	done
	stop
}

# Each session has its own text; the count tells how many came back.
#: threadpool/client
sessions() {
	start_any
	expect_like "as many as asked for" '1000 of 1000 sessions came back whole in [0-9]+ ms' \
		"$(client -n 1000)"
	expect_like "a hundred by itself" '100 of 100 sessions came back whole in [0-9]+ ms' "$(client)"
	stop
	# "session N\n" for N of 0 to 999, then 0 to 99
	expect "connections and bytes" "1100 $((1000 * 9 + 10 + 180 + 2700 + 100 * 9 + 10 + 180))" "$(served)"
}

# With servers that have one client, or a few, at a time the others wait.
#: threadpool/client
sessions_wait() {
	for server in tcp/server mtserver/prethread_server mpserver/server; do
		start_server "$BIN/$server" -q
		expect_like "$server" '150 of 150 sessions came back whole in [0-9]+ ms' "$(client -n 150)"
		stop
	done
}

# One session of ten comes back wrong: it is named, not counted, and the exit status tells.
#: threadpool/client
session_wrong() {
	"$BIN/tests/threadpool_peer" >out 2>err &
	PID=$!
	await out '^listening on '
	located
	# shellcheck disable=SC2086
	expect_exit 1 "$P" -n 10 $WHERE
	expect_like "the count" '9 of 10 sessions came back whole in [0-9]+ ms' "$(cat stdout)"
	expect "the reason" "$PROGRAM: session 7 did not come back whole" "$(cat stderr)"
	stop
}

# The server answers half a text and leaves.
#: threadpool/client
session_cut() {
	peer hangup >out &
	await out '^listening on '
	located
	# shellcheck disable=SC2086
	expect_exit 1 "$P" -n 1 $WHERE
	expect_like "the count" '0 of 1 sessions came back whole in [0-9]+ ms' "$(cat stdout)"
	expect_like "the reason" "$PROGRAM: session 0 .*" "$(cat stderr)"
}

#: threadpool/client
sessions_broken_stdout() {
	start_any
	status=0
	client -n 1 >/dev/full 2>stderr || status=$?
	expect "exit status on a full disk" 1 "$status"
	expect "the reason" "$PROGRAM: write stdout: No space left on device (ENOSPC)" "$(cat stderr)"
	stop
}

demo_tasks() {
	for what in starts works ends; do
		expect "tasks that $1: $what" 20 "$(grep -c "task .* $what" demo)"
	done
}

# At a look each second the pool grows by ten and shrinks again, and every task is seen to start,
# work and end.
#: threadpool/demo
demo_grows() {
	within 30 "$P" >demo
	demo_tasks "are many"
	expect_like "it starts" ' 0\.[0-9]* s  3 threads, [0-3] busy' "$(grep threads, demo | head -n 1)"
	expect_like "it grows" ' [1-9]\.[0-9]* s  13 threads, [0-9]+ busy' "$(grep ' 13 threads' demo)"
	expect_like "it shrinks" ' [1-9]\.[0-9]* s  3 threads, [0-3] busy' "$(grep threads, demo | tail -n 1)"
}

# A manager that looks too late: three threads do it all.
#: threadpool/demo
demo_late() {
	within 30 "$P" -s 10 >demo
	demo_tasks "wait"
	expect "the threads do not change" 1 "$(grep -c ' threads, ' demo)"
}
