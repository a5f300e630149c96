# Machines that are not like the one the suite was written on: small limits, other tools, things missing.
# shellcheck disable=SC2086 # NETWORK is several words

[ -z "${SAN:-}" ] || skip 'a sanitizer needs more of the machine itself'

# cases_pass WORDS: a handful of cases pass when all of them, with their tools, are run by these words.
cases_pass() {
	while read -r name server; do
		T='' FILES='' "$@" "$TESTS/run" "$name" "$server" >said 2>&1 || fail "$name $server: $(cat said)"
	done <<-end
		inputs epoll/lt_server
		large poll/server
		stopped mpserver/prefork_server
		first_line unix/stream_server
		client_inputs mpserver/client
		udp_lines udp/client
		refused threadpool/client
		bad_address select/server
	end
}

# Where the hard limit is 64 descriptors, the tests' own peers do with them too.
#: suite 200s
few_descriptors() {
	cases_pass "$BIN/tests/rules_peer" limit 64
}

# A small stack is enough for every program.
#: servers stream udp/server udp/client udp/reliable_client unix/dgram_server unix/dgram_client
small_stack() {
	# shellcheck disable=SC3045 # dash, bash and busybox have it
	ulimit -s 256
	case $PROGRAM in
	*client)
		start_any
		expect "the echo" ABC "$(echo abc | client)"
		;;
	*)
		start -q
		serves
		;;
	esac
	stop
}

# a_machine COMMANDS: the program under test is run where these have been done, with mounts of its own.
a_machine() {
	user=''
	[ "$(id -u)" -eq 0 ] || user=-r
	unshare $user -m sh -c "$1" 2>stderr || skip "no mounts of its own: $(cat stderr)"
	printf '#!/bin/sh\n%s\nexec %s "$@"\n' "$1" "$P" >there
	chmod +x there
	P=$PWD/there
	run_by unshare $user -m
}

# Without /proc only the closing line knows less: its memory is 0.
#: servers udp/server
without_proc() {
	a_machine 'mount -t tmpfs none /proc'
	start -q
	serves
	stop
}

# Without IPv6 names still lead to IPv4, and one line reports what cannot be had.
#: concurrent crew event stream -unix/stream_server -unix/stream_client -tcp/client
without_ipv6() {
	a_network
	$NETWORK sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6' 2>stderr ||
		skip "no IPv6 to disable: $(cat stderr)"
	case $PROGRAM in
	*client) expect_exit 1 $NETWORK "$P" ::1 1 && expect_error 'connect \[::1\]:1' EADDRNOTAVAIL ;;
	*)
		expect_exit 1 $NETWORK "$P" -a ::1 0
		expect_error 'bind \[::1\]:0' EADDRNOTAVAIL
		start_server $NETWORK "$P" -a localhost
		expect_like "the address" '127\.0\.0\.1:[0-9]+' "$ADDR"
		stop
		;;
	esac
}

# Under unshare -p the first child is process 1 of a namespace whose father it does not see.
#: mpserver/client mpserver/server
child_in_a_namespace() {
	user=''
	[ "$(id -u)" -eq 0 ] || user=-r
	unshare $user -p true 2>stderr || skip "no PID namespaces: $(cat stderr)"
	case $PROGRAM in
	*client) start_any ;;
	esac
	run_by unshare $user -p
	case $PROGRAM in
	*client) expect "the echo" ABC "$(echo abc | client)" ;;
	*)
		start
		serves
		;;
	esac
	stop
}

# The tests use no option of a tool that BusyBox does not have.
#: suite 200s
busybox_tools() {
	command -v busybox >/dev/null || skip "no busybox here"
	mkdir tools
	for applet in $(busybox --list); do
		ln -s "$(command -v busybox)" "tools/$applet"
	done
	cases_pass env PATH="$PWD/tools:$PATH" busybox sh
}
