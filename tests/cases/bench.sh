# The load generator of make bench finds servers out that are wrong, and reports what is true.

# load STATUS PATTERN ARGUMENTS...: it ends with STATUS, and what it prints is like PATTERN: the last
# line on stderr, or with status 0 all of stdout.
load() {
	wanted=$1 pattern=$2
	shift 2
	expect_exit "$wanted" "$BIN/tests/bench/load" "$@"
	if [ "$wanted" -eq 0 ]; then
		expect_like "load $*" "$pattern" "$(cat stdout)"
	else
		expect_like "load $*" "$pattern" "$(tail -n 1 stderr)"
		[ ! -s stdout ] || fail "load $*: it failed and printed a result"
	fi
}

# A server that is wrong once, at the millionth byte, is found out whatever it does; the same server
# without that fault passes. The second message begins with that byte.
#: suite 60s
load_finds_faults() {
	bad=$BIN/tests/bench/bad_server
	for how in ping bulk; do
		set -- -s 0.3 -b 1000000 $how "$bad" -q
		load 0 '\{.*\}' "$@" -m well 0
		for mode in corrupt drop reorder repeat; do
			load 1 'bench/load: connection 0: byte 1[0-9]{6} is 0x.., not 0x..' "$@" -m $mode 0
		done
		load 1 "bench/load: expected 'served 1 connections, [0-9]+ bytes;', the server says 'served .*'" \
			"$@" -m miscount 0
		load 1 'bench/load: connection 0: (the server closed it, [1-9][0-9]* bytes are owed|.*: Connection reset by peer|.*: Broken pipe)' \
			"$@" -m die 0
		load 1 'bench/load: no answer for 5 s; 1 connections wait' "$@" -m hang 0
	done
}

# A server that has one client at a time does not answer the second one. The generator must not hang.
#: tcp/server
load_waits_not_for_ever() {
	load 1 'bench/load: no answer for 5 s; 1 connections wait' -c 2 ping "$P" -q 0
}

# Programs that are no servers, and addresses that are not on this machine's loopback.
#: suite 60s
load_refuses() {
	load 1 'bench/load: the server ended without its line' ping true
	load 1 'bench/load: the server said no line for 0.2 s' -t 0.2 ping sleep 100
	load 1 'bench/load: the server said no line for 0.2 s' -t 0.2 ping \
		sh -c 'printf "listening on 127."; exec sleep 100'
	load 1 "bench/load: the server's first line is 'hello'" ping echo hello
	load 1 'bench/load: the server did not end with its closing line' -s 0.1 ping \
		"$BIN/tests/bench/bad_server" -q -m stay 0
	load 1 'bench/load: the server did not end' -s 0.1 ping \
		"$BIN/tests/bench/bad_server" -q -m linger 0
	for text in 0.0.0.0:9 192.0.2.1:9 '[::1]:9'; do
		load 1 "bench/load: .* is (not a loopback address|no address of 127.0.0.0/8 and no path)" \
			ping echo "listening on $text"
	done
	expect_exit 2 "$BIN/tests/bench/load" ping
	expect_exit 2 "$BIN/tests/bench/load" -c 0 ping true
	expect_exit 2 "$BIN/tests/bench/load" dance true
	expect_exit 0 "$BIN/tests/bench/load" -h
}

# Every server passes every load, and its closing line counts as many connections and bytes as the
# load generator has made.
#: concurrent event crew -unix/pass_server
load_passes() {
	for how in ping bulk churn idle; do
		set_operand
		# shellcheck disable=SC2086
		load 0 "\\{\"load\": \"$how\", \"connections\": 4, \"bytes\": 3000, .*\\}" \
			-c 4 -b 3000 -s 0.1 $how "$P" $OPTIONS -q "$OPERAND"
	done
}

# The histogram agrees with known values.
#: suite
load_histogram() {
	"$BIN/tests/unit_load" >out || fail "$(grep FAIL out)"
}

# The summary has medians, the spread, and ratios to the ceiling of the same round.
#: suite
bench_summary() {
	head='round,server,load,connections,bytes,seconds,per_second,p50,p99,cpu,memory,processes,threads,c,b'
	{
		echo $head
		echo 1,tests/bench/ceiling,ping,1,64,1,100,7,9,1,4,1,1,1,1
		echo 1,a/server,ping,1,64,1,50,10,11,2,40,1,1,1,1
		echo 2,tests/bench/ceiling,ping,1,64,1,200,7,9,1,4,1,1,1,1
		echo 2,a/server,ping,1,64,1,40,30,11,2,60,1,1,1,1
		echo 3,tests/bench/ceiling,ping,1,64,1,50,7,9,1,4,1,1,1,1
		echo 3,a/server,ping,1,64,1,45,20,11,2,50,1,1,1,1
	} >runs.csv
	expect "the summary" 'a/server,ping,1,64,3,45.0,22.2,0.500,20,11,2,50,1,1' \
		"$(awk -f "$TESTS/bench/summary.awk" runs.csv | grep '^a/')"
}

# A small run of all: the CSV file, the table with a row for each server, the check of the goals.
#: suite 100s
bench_runs() {
	command -v taskset >/dev/null || skip 'taskset is not installed'
	export BENCH_OUT="$PWD" BENCH_ROUNDS=1 BENCH_SECONDS=0.02 BENCH_IDLE=10
	BENCH_SERVERS='poll/server mpserver/prefork_server' "$TESTS/bench/run" >out 2>err ||
		fail "$(tail -n 3 out)"
	# The ceiling and poll: six loads and two of idle clients; the crew: six.
	expect 'runs' '8 poll 6 crew 8 ceiling' "$(grep -c ,poll/ runs.csv) poll $(grep -c ,mpserver/ runs.csv) crew \
$(grep -c ,tests/bench/ceiling, runs.csv) ceiling"
	expect "the table's rows" 5 "$(grep -c '^|' table.md)"
	expect_like 'the ceiling beside itself' '.*\|.* 1.00 \|.*' "$(grep '^| the ceiling' table.md)"
	expect_like 'the check' '[0-9]+ of [0-9]+ goals reached, medians of at most 1 rounds' \
		"$("$TESTS/bench/check" | tail -n 1)"
	! command -v gnuplot >/dev/null || for chart in messages churn memory idle; do
		grep -q '</svg>' $chart.svg || fail "no chart $chart.svg"
	done
}

# A server that fails a load is named, the others are measured, and the run fails.
#: suite 60s
bench_run_fails() {
	command -v taskset >/dev/null || skip 'taskset is not installed'
	mkdir -p bin/tests/bench bin/poll
	ln -s "$BIN/tests/bench/load" "$BIN/tests/bench/ceiling" bin/tests/bench
	printf '#!/bin/sh\n' >bin/poll/server
	chmod +x bin/poll/server
	export BIN="$PWD/bin" BENCH_OUT="$PWD" BENCH_ROUNDS=1 BENCH_SECONDS=0.02 BENCH_IDLE=10
	expect_exit 1 "$TESTS/bench/run"
	expect_like 'what failed' 'poll/server ping 64: bench/load: the server ended without its line' \
		"$(grep -m 1 'ping 64' stdout)"
	expect 'the runs of the other one' 8 "$(grep -c ,tests/bench/ceiling, runs.csv)"
}

# make bench MILLION=N: all clients are connected and answered, and nothing of it stays.
#: suite full 120s
many_clients() {
	mkdir tmp
	TMPDIR=$PWD/tmp "$TESTS/bench/million" 3000 >out 2>err || fail "status $?: $(cat err)"
	expect 'stderr' '' "$(cat err)"
	for line in '3000 clients, on [0-9]+ workers of epoll/reuseport_server' \
		'3000 clients are connected, and each has had an answer, after [0-9.]+ s' \
		'memory: -?[0-9.]+ KiB for each client, both ends and the kernel together' \
		'1000 of them at random: answered in [0-9]+ us \(median\), [0-9]+ us \(the slowest\)' \
		'served 3000 connections, 20000 bytes; .*'; do
		grep -Eqx "$line" out || fail "no line '$line': $(cat out)"
	done
	expect 'files that stay' '' "$(find tmp -mindepth 1)"
}

# What the machine lacks is named, and nothing is tried.
#: suite
many_clients_lacking() {
	expect_exit 77 "$TESTS/bench/million" 99000000
	grep -Eq '^not enough for 99000000 clients: fs.file-max \(sysctl\) is [0-9]+, and should be 198020000$' stdout ||
		fail "$(cat stdout)"
	expect_exit 2 "$TESTS/bench/million" many
}
