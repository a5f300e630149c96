# threadpool/: the pool, and the server, the client and the demo that use it.

# Every sentence of threadpool.h, with memory that is not zero when it comes. That a thread cannot be
# started is reported once, however often the manager tries.
#: threadpool/demo 60s
pool_unit() {
	MALLOC_PERTURB_=165 "$BIN/tests/unit_threadpool" >out 2>complaints || fail "$(grep FAIL out)"
	expect "the last test" 'ok tiny tasks from several adders, each once' "$(tail -n 1 out)"
	expect_like "the complaint" '.*: pthread_create: .* \(EAGAIN\)' "$(cat complaints)"
}

needs_valgrind() {
	[ "${BIN#*/build/}" = "$BIN" ] || skip "a sanitizer's build"
	command -v valgrind >valgrind || skip "no valgrind"
	valgrind -q "$BIN/threadpool/demo" -h >out 2>&1 || skip "valgrind can't read what this compiler writes"
}

# No memory lost or used after its end.
#: threadpool/demo full 600s
pool_valgrind() {
	needs_valgrind
	valgrind -q --leak-check=full --show-leak-kinds=all --error-exitcode=9 \
		"$BIN/tests/unit_threadpool" 2000 - >out 2>complaints || fail "$(grep FAIL out; cat complaints)"
}

# No race and no lock order, apart from a signal that glibc's timedwait itself sends without the lock.
#: threadpool/demo full 600s
pool_helgrind() {
	needs_valgrind
	printf '{\nglibc\nHelgrind:Misc\n...\nfun:pthread_cond_timedwait*\n}\n' >known
	valgrind -q --tool=helgrind --history-level=approx --suppressions=known \
		--error-exitcode=9 "$BIN/tests/unit_threadpool" 2000 - >out 2>complaints ||
		fail "$(grep FAIL out; cat complaints)"
}

threads() {
	find "/proc/$PID/task" -mindepth 1 -maxdepth 1 | wc -l
}

# Many clients are served by the threads that there were at the start; one that is idle or never
# reads holds none of them.
#: threadpool/server
few_threads() {
	start -q
	before=$(threads)
	[ "$before" -le 6 ] || fail "$before threads"
	hold 500
	for i in 1 2 3 4 5 6 7 8; do
		peer stuck "$ADDR" >"stuck$i" &
	done
	for i in 1 2 3 4 5 6 7 8; do
		await "stuck$i" '^stuck'
	done
	peer ping "$ADDR" 100
	expect "threads with 508 clients" "$before" "$(threads)"
	let_go
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

# Each session has its own text; the client counts how many came back.
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

# With a server that has one client, or a few, at a time the other sessions wait.
#: threadpool/client
sessions_wait() {
	for server in tcp/server mtserver/prethread_server mpserver/server; do
		start_server "$BIN/$server" -q
		expect_like "$server" '150 of 150 sessions came back whole in [0-9]+ ms' "$(client -n 150)"
		stop
	done
}

# A session that comes back wrong is named and not counted, and the exit status is 1.
#: threadpool/client
session_wrong() {
	start_bad slip
	expect_exit 1 client -n 10
	expect_like "the count" '9 of 10 sessions came back whole in [0-9]+ ms' "$(cat stdout)"
	expect "the reason" "$PROGRAM: session 7 did not come back whole" "$(cat stderr)"
}

# The server answers half a text and leaves.
#: threadpool/client
session_cut() {
	start_bad hangup
	expect_exit 1 client -n 1
	expect_like "the count" '0 of 1 sessions came back whole in [0-9]+ ms' "$(cat stdout)"
	expect_like "the reason" "$PROGRAM: session 0 .*" "$(cat stderr)"
}

# If there are no more ports, the sessions that have begun still end and are counted.
#: threadpool/client
sessions_without_ports() {
	a_network
	ports 40000 40009
	run_by "$NETWORK"
	AT_PORT=8300
	# shellcheck disable=SC2086 # several words
	start_server $NETWORK "$BIN/poll/server" -q
	expect_exit 1 client -n 100
	expect_like "the count" '10 of 100 sessions came back whole in [0-9]+ ms' "$(cat stdout)"
	expect_error "connect $ADDR" EADDRNOTAVAIL
	stop
}

demo_tasks() {
	for what in starts works ends; do
		expect "tasks that $1: $what" 20 "$(grep -c "task .* $what" demo)"
	done
}

# The manager looks once a second: the pool grows by ten and shrinks again. Every task is seen to
# start, work and end.
#: threadpool/demo
demo_grows() {
	"$P" >demo
	demo_tasks "are many"
	expect_like "it starts" ' 0\.[0-9]* s  3 threads, [0-3] busy' "$(grep threads, demo | head -n 1)"
	grep -Eqx ' [1-9]\.[0-9]* s  13 threads, [0-9]+ busy' demo || fail "it does not grow: $(cat demo)"
	expect_like "it shrinks" ' [1-9]\.[0-9]* s  3 threads, [0-3] busy' "$(grep threads, demo | tail -n 1)"
}

# The three threads that the pool starts with run a task each at the same time.
#: threadpool/demo
demo_side_by_side() {
	"$P" >demo &
	await demo 'task .* ends'
	n=$(sed '/ends/q' demo | grep -c starts)
	[ "$n" -ge 3 ] || fail "only $n tasks have started before the first one ended"
}

# If the manager looks too late, three threads do all the work.
#: threadpool/demo
demo_late() {
	"$P" -s 10 >demo
	demo_tasks "wait"
	expect "the threads do not change" 1 "$(grep -c ' threads, ' demo)"
}
