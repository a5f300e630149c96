# make demo shows what happens, and leaves no file and no process.

# nothing_stays: the demo's files, and the folders that its processes ran in, were in ./tmp.
nothing_stays() {
	# (The thread sanitizer leaves one of its own when a program is killed while it starts.)
	expect "files that stay" '' "$(find tmp -mindepth 1 ! -name 'tsan.rodata.*')"
	expect "processes that stay" '' "$(find /proc/[0-9]*/cwd -lname "$PWD/tmp/*" 2>/dev/null)"
}

demo() {
	mkdir -p tmp
	env TMPDIR="$PWD/tmp" "$TESTS/demo" "$@"
}

#: suite
demo_plays() {
	demo tcp >said || fail "$(cat said)"
	for line in '  client < Hello, World!' '  client > HELLO, WORLD!' '  server < \^C' \
		'  server > served 1 connections, 30 bytes; cpu [0-9.]+ s user, [0-9.]+ s system;'; do
		grep -Eqx -- "$line" said || fail "no line '$line': $(cat said)"
	done
	expect_like "the last line" '[0-9]+ pairs, all right' "$(tail -n 1 said)"
	expect "lines over 80 characters" 0 "$(grep -Ec '.{81}' said || :)"
	nothing_stays
}

# A client that prints what was typed as it was is reported; the pair after it is played nevertheless.
#: suite
demo_sees_wrong_ones() {
	mkdir -p bin/tests bin/tcp
	ln -s "$BIN/tests/peer" bin/tests/peer
	ln -s "$BIN/tcp/server" "$BIN/tcp/hello_client" bin/tcp
	printf '#!/bin/sh\nexec cat\n' >bin/tcp/client
	chmod +x bin/tcp/client
	BIN=$PWD/bin expect_exit 1 demo tcp
	grep -q "WRONG: the reply to client: expected 'HELLO, WORLD!', saw 'Hello, World!'" stdout ||
		fail "nothing wrong: $(cat stdout)"
	grep -Fqx '  client > HELLO' stdout || fail "the next pair is not played: $(cat stdout)"
	expect_like "the last lines" '[0-9]+ pairs; wrong:   tcp/server tcp/client.*' \
		"$(sed -n '/ pairs; /,$p' stdout | paste -sd ' ' -)"
	nothing_stays
}

# Ended in the middle, as Ctrl-C and kill end it.
#: suite
demo_interrupted() {
	mkdir tmp
	TMPDIR=$PWD/tmp "$TESTS/demo" >said &
	demo=$!
	await said '  client < Hello'
	kill -TERM $demo
	ends 130 $demo
	nothing_stays
}

#: suite
demo_without_topic() {
	expect_exit 2 demo nosuch
	expect "the reason" 'no such topic or pair in tests/programs: nosuch' "$(cat stderr)"
	nothing_stays
}
