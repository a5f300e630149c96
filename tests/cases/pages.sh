# What the pages show of make trace is what the programs do.

[ -z "${SAN:-}" ] || skip 'a sanitizer makes calls of its own'

# pages TESTS [-n]: for the page of the program under test.
pages() {
	TMPDIR=$PWD "$1/pages" ${2:+"$2"} "${PROGRAM%%/*}" >said 2>&1
}

# One program for each page.
#: tcp/server mpserver/server mtserver/server select/server poll/server epoll/lt_server threadpool/server udp/server multicast/server unix/stream_server uring/server libevent/server full 600s
pages_are_true() {
	pages "$TESTS" -n || fail "make pages prints it again: $(cat said)"
	if grep -q '^0 blocks' said; then fail "the page shows nothing that make trace printed"; fi
}

# page_with LINE...: a page of the test's own.
page_with() {
	mkdir -p suite/tests suite/poll
	page=suite/poll/README.md
	ln -sfn "$TESTS/trace" "$TESTS/breaks" "$TESTS/programs" suite/tests
	cp "$TESTS/pages" "$TESTS/demo" suite/tests
	printf '%s\n' "$@" >$page
}

# An empty block is printed, then it is true: another port and another time are no change. Another call is.
#: poll/server full 600s
pages_are_printed_again() {
	page_with '# A \n page' '<!-- make trace A=poll/server -->' '<!-- end of make trace -->' 'its end'
	pages suite/tests || fail "$(cat said)"
	expect "what it did" '1 blocks, 1 printed again' "$(tail -n 1 said)"
	expect "the rest of the page" '# A \n page its end' "$(sed -n '1p;$p' $page | paste -sd ' ' -)"
	# shellcheck disable=SC2016
	expect "the command" '$ make trace A=poll/server' "$(grep '^[^<]*make trace' $page)"
	cp $page good
	sed 's/127.0.0.1:[0-9]*/127.0.0.1:1/; s/^ *[0-9]*\.[0-9]/    0.0/' good >$page
	cp $page harmless
	pages suite/tests || fail "$(cat said)"
	cmp $page harmless || fail "a block that was true was printed again"
	sed 's/listen(3:listen)/listen(4:listen)/' good >$page
	cp $page wrong
	if pages suite/tests -n; then fail "a wrong call is not found"; fi
	expect "what it did" '1 blocks, 1 out of date' "$(tail -n 1 said)"
	cmp $page wrong || fail "-n has changed the page"
	pages suite/tests || fail "$(cat said)"
	grep -q 'listen(3:listen)' $page || fail "it was not printed again: $(cat $page)"
}

# A session of make demo is kept true in the same way.
#: poll/server full 120s
pages_play_sessions() {
	page_with '<!-- make demo A=poll/server B=poll/client -->' '<!-- end of make demo -->'
	pages suite/tests || fail "$(cat said)"
	grep -q '^  client > HELLO, WORLD!$' $page || fail "$(cat $page)"
	sed -i 's/127.0.0.1:[0-9]*/127.0.0.1:1/' $page
	pages suite/tests -n || fail "another port counts as a change: $(cat said)"
	sed -i 's/HELLO/hello/' $page
	if pages suite/tests -n; then fail "a wrong answer is not found"; fi
	expect "what it did" '1 blocks, 1 out of date' "$(tail -n 1 said)"
}

#: poll/server 120s
pages_say_what_is_wrong() {
	page_with '<!-- make trace A=poll/server -->' 'and no end'
	cp $page before
	if pages suite/tests; then fail "no end, and nothing is said"; fi
	expect "the reason" "poll/README.md: no end of make trace A=poll/server" "$(cat said)"
	cmp $page before || fail "a page without an end was written"
	page_with '<!-- make trace A=no/server -->' 'old' '<!-- end of make trace -->'
	cp $page before
	if pages suite/tests; then fail "a pair that fails is not reported"; fi
	grep -q 'no/server is not in tests/programs' said || fail "$(cat said)"
	cmp $page before || fail "a block that cannot be played was changed"
}

# What is compared: each call of a side and its order, in a timeline and in a diagram, and the arrows; that
# an effect stands before its cause is seen without a run.
#: suite 120s
pages_compare_calls() {
	cat >good <<-'END'
		    0.0                                               socket(AF_INET, SOCK_STREAM) = 3
		  100.0                                               listen(3:listen)
		  200.0                                               accept(3:listen) waits
		  250.0  socket(AF_INET, SOCK_STREAM) = 3
		  260.0  connect(3:server, 127.0.0.1:4)           -->
		  300.0                                               ..accept = 4, from 127.0.0.1:5
		  300.1                                               [parent] fork() = child 1
		  300.2  send(3:server, "a") = 1                  -->
		  300.2                                               [child 1] recv(4:client) = 1 "a"
		  400.0                                           <-- [child 1] close(4:client)
	END
	sequences good >wanted
	in_order good || fail "in order, but: $(cat wrong)"
	sed '3d; s/\.\.accept/accept(3:listen)/; s/child 1/child 7/; s/127.0.0.1:./127.0.0.1:12345/' good >edited
	sequences edited | cmp - wanted || fail "the same calls count as others"
	for edit in '/listen(3:listen)$/d' '/listen(3:listen)$/p' 's/ -->$//' 's/<-- /    /' 's/"a") = 1/"a") = 2/' \
		's/\[child 1\] close/[parent] close/'; do
		sed "$edit" good >edited
		! sequences edited | cmp -s - wanted || fail "$edit makes no difference"
	done
	for lines in 5,6 8,9 7,9; do
		sed "${lines%,*}{h;d;};${lines#*,}G" good >edited
		! in_order edited || fail "lines $lines: an effect before its cause is not found"
	done
	sed '/close/{h;d;}; 8i\
  300.1  read(3:server) = 0, end of file' good >edited
	! in_order edited || fail "an end of file that nobody sent is not found"
}

sequences() {
	awk -f "$TESTS/trace/rows.awk" -f "$TESTS/trace/sequences.awk" "$1"
}

in_order() {
	awk -f "$TESTS/trace/rows.awk" -f "$TESTS/trace/causes.awk" "$1" >wrong
}
