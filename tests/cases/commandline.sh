# The command line, and errors at the start. The cases take from the usage, which -h prints, what a
# program accepts.

# bad_usage WHAT ARGUMENTS...: exit 2; on stderr a line that ends with WHAT, and then the usage.
bad_usage() {
	what=$1
	shift
	expect_exit 2 "$P" "$@"
	{ read -r first && read -r second; } <stderr || fail "not two lines on stderr: $(cat stderr)"
	case "$first$NEWLINE$second" in
	"$PROGRAM: "*"$what${NEWLINE}usage: $PROGRAM [-h]"*) ;;
	*) fail "$*: expected '$what' and the usage, saw: $(cat stderr)" ;;
	esac
	[ ! -s stdout ] || fail "a usage error wrote to stdout"
}

# takes TEXT: whether the usage contains it. -h prints the usage to stdout and exits with 0.
takes() {
	if [ -z "${USAGE:-}" ]; then
		expect_exit 0 "$P" -h
		[ ! -s stderr ] || fail "-h wrote to stderr"
		read -r USAGE <stdout
	fi
	case $USAGE in
	*"$1"*) ;;
	*) false ;;
	esac
}

#: servers worker stream script datagram group experiment
usage() {
	takes "usage: $PROGRAM [-h]" || fail "the usage is '$USAGE'"
	bad_usage '' -Z
	# Good arguments, but one too many.
	case $PROGRAM in
	unix/pass_server) set -- 0 ;;
	unix/* | libevent/fifo*) set -- ./path ;;
	*server) set -- 0 ;;
	threadpool/demo) set -- ;;
	*) set -- 127.0.0.1 1 ;;
	esac
	bad_usage "extra argument: '1'" "$@" 1
	bad_usage "extra argument: '1'" "$@" 1 2 3
	! takes '[-v|-q]' || bad_usage '' -v -q
	if takes '-w N'; then
		bad_usage '' -w
		bad_usage '' -w 0
		bad_usage '' -w x
	fi
	! takes '-m lt|et' || bad_usage "unknown mode: 'edge'" -m edge
}

#: servers stream script datagram group experiment
bad_ports() {
	takes ' [PORT' || takes ' [PORT=' || return 0
	for port in abc 12x 65536 '' ' 1' +1; do
		case $PROGRAM in
		*server) bad_usage '' "$port" ;;
		*) bad_usage '' 127.0.0.1 "$port" ;;
		esac
	done
	case $PROGRAM in # a client must know its server's port
	*client) bad_usage '' 127.0.0.1 0 ;;
	esac
}

# One line tells what a link-local address lacks, because every interface has such addresses.
#: concurrent crew event stream -unix/stream_server -unix/stream_client -tcp/client
link_local_address() {
	case $PROGRAM in
	*server) set -- -a fe80::1 0 ;;
	*) set -- fe80::1 1 ;;
	esac
	expect_exit 1 "$P" "$@"
	expect_reason "address 'fe80::1' needs its interface, as in fe80::1%eth0"
}

# The same for AF_UNIX is in unix_path.sh.
#: servers udp/server udp/broadcast_server multicast/server experiment -unix/stream_server -epoll/reuseport_server -unix/pass_server
address_in_use() {
	start
	# shellcheck disable=SC2086 # several words
	expect_exit 1 within 8 "$P" $OPTIONS "${ADDR##*:}"
	expect_error "bind $ADDR" EADDRINUSE
	stop
}

#: servers -unix/stream_server
bad_address() {
	# shellcheck disable=SC2086 # several words
	expect_exit 1 "$P" $OPTIONS -a 192.0.2.1 0
	expect_error 'bind 192.0.2.1:0' EADDRNOTAVAIL
	# shellcheck disable=SC2086
	expect_exit 1 "$P" $OPTIONS -a no.such.host.invalid 0
	expect_like "one line" "$PROGRAM: .*no.such.host.invalid.*" "$(cat stderr)"
}
