# shellcheck shell=sh
# libevent/: only with T=libevent. The common cases are for the server and the client too.

READER=$BIN/libevent/fifo_reader
WRITER=$BIN/libevent/fifo_writer

# exits STATUS PID
exits() {
	peer gone "$2"
	status=0
	wait "$2" || status=$?
	expect "the exit status" "$1" "$status"
}

# resident_of PID: KiB of memory.
resident_of() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"
}

# How many bytes the reader says it has read; one read may give several messages.
bytes_read() {
	awk '/^read [0-9]+ bytes: / { n += $2 } END { print n + 0 }' read
}

# A client that never reads: nothing more is read from it, and the loop rests.
#: libevent/server
never_reads_still() {
	start -q
	memory=$(resident_of "$PID")
	peer stuck "$ADDR" >stuck &
	await stuck '^stuck '
	stands_still "$PID"
	grown=$(($(resident_of "$PID") - memory))
	[ "$grown" -lt 256 ] || [ -n "${SAN:-}" ] || fail "it costs $grown KiB"
	expect "another client" ABC "$(echo abc | copy)"
	stop
}

# Stopped while accepting pauses for want of descriptors: gone at once all the same.
#: libevent/server
stop_while_pausing() {
	start
	peer limit "$PID" 8
	mkfifo in
	peer hold "$ADDR" 20 <in >held 2>&1 &
	exec 3>in
	await err 'accept: Too many open files \(EMFILE\)'
	allow_stderr
	stands_still "$PID"
	within 2 "$BIN/tests/peer" gone "$PID" &
	gone=$!
	stop
	wait $gone
	exec 3>&-
}

# stdout takes nothing: the client holds a buffer and rests, and goes on afterwards.
#: libevent/client
slow_stdout() {
	start_any -q
	mkfifo echo
	seq 200000 >numbers
	exec 3<>echo
	client <numbers >echo 2>stderr 3<&- &
	client=$!
	dd bs=1 count=1 <&3 of=first 2>dd
	stands_still "$client"
	memory=$(resident_of "$client")
	[ "$memory" -lt 8192 ] || [ -n "${SAN:-}" ] || fail "the client holds $memory KiB"
	cat first echo >all 3<&- &
	copying=$!
	exec 3<&-
	exits 0 "$client"
	wait "$copying"
	cmp numbers all
}

# No memory to read into: said once, nothing spins, and those that are there are served when there is.
#: libevent/server
no_memory_to_read() {
	[ -z "${SAN:-}" ] || skip "a sanitizer takes memory as it goes"
	allow_stderr
	start -q
	mkfifo in
	"$BIN/tests/event_peer" again "$ADDR" 300 <in >there &
	clients=$!
	exec 3>in
	await there there
	peer no-memory "$PID"
	exec 3>&-
	await err '^libevent/server: read: Cannot allocate memory \(ENOMEM\)$'
	stands_still "$PID"
	peer memory "$PID"
	wait "$clients" || fail "not all were served"
	expect "what was said" 1 "$(wc -l <err)"
	stop
}

# Each as the one that comes first; the FIFO is made by it and stays.
#: libevent/fifo_writer
writer_first() {
	"$WRITER" -s 0.05 -n 3 >wrote 2>&1 &
	writer=$!
	await wrote '^waiting for a reader of testfifo$'
	"$READER" >read 2>&1 &
	exits 0 "$writer"
	await read '^the writer has left$'
	expect "bytes" 51 "$(bytes_read)"
	expect "what the writer said" 3 "$(grep -cx 'wrote 17 bytes' wrote)"
	expect "the FIFO" 'prw-------' "$(stat -c %A testfifo)"
}

#: libevent/fifo_reader
reader_first() {
	"$READER" other >read 2>&1 &
	reader=$!
	await read '^waiting for a writer of other$'
	"$WRITER" -s 0.05 -n 1 other >wrote
	await read '^the writer has left$'
	expect "what it read" 'read 17 bytes: hello libevent!!!' "$(sed -n 2p read)"
	kill -INT "$reader"
	exits 0 "$reader"
	[ -p other ] || fail "the FIFO was removed"
}

# The reader says so, rests (the FIFO would be ready for ever) and serves the next writer.
#: libevent/fifo_reader
writer_killed() {
	"$READER" >read 2>&1 &
	reader=$!
	"$WRITER" -s 0.01 >wrote 2>&1 &
	writer=$!
	await read '^read 17 bytes: hello libevent!!!$'
	kill -KILL "$writer"
	await read '^the writer has left$'
	stands_still "$reader"
	expect "how often it was said" 1 "$(grep -c '^the writer has left$' read)"
	printf 'next\000\377\n' >testfifo
	await read '^read 7 bytes: next\\x00\\xff\\x0a$'
}

# The writer says so once, goes on, and the next reader gets what it writes then.
#: libevent/fifo_writer
reader_killed() {
	"$WRITER" -s 0.01 >wrote 2>err &
	writer=$!
	await wrote waiting
	"$READER" >read 2>&1 &
	reader=$!
	await read '^read '
	kill -KILL "$reader"
	await err 'write testfifo: Broken pipe \(EPIPE\)$'
	"$READER" >again 2>&1 &
	await again '^read 17 bytes: hello libevent!!!$'
	expect "what it said" "$PROGRAM: write testfifo: Broken pipe (EPIPE)" "$(cat err)"
	kill -INT "$writer"
	exits 0 "$writer"
}

# A reader that does not read: said once, nothing waits, nothing is lost of what was written.
#: libevent/fifo_writer
fifo_full() {
	mkfifo testfifo
	exec 3<>testfifo
	"$WRITER" -s 0.05 >wrote 2>err &
	writer=$!
	await wrote '^wrote'
	head -c 65519 /dev/zero | dd bs=4096 oflag=nonblock >&3 2>dd || :
	await err 'write testfifo: Resource temporarily unavailable \(EAGAIN\)$'
	before=$(grep -c '^wrote' wrote)
	cat testfifo >read &
	wait_until 'it does not go on' wrote_more_than "$before"
	expect "how often it was said" 1 "$(wc -l <err)"
}

wrote_more_than() {
	saw=$(grep -c '^wrote' wrote)
	[ "$saw" -gt "$1" ]
}

# By length, whatever the bytes are, and however many come at once.
#: libevent/fifo_reader
fifo_bytes() {
	"$READER" >read 2>&1 &
	await read '^waiting'
	head -c 5000 /dev/zero >testfifo
	await read '^the writer has left$'
	expect "bytes" 5000 "$(bytes_read)"
	expect "zeros" 5000 "$(grep -o 'x00' read | wc -l)"
}

# What is there and no FIFO is refused and stays as it is.
#: libevent/fifo_reader libevent/fifo_writer
no_fifo() {
	echo precious >testfifo
	expect_exit 1 within 5 "$P"
	expect "the reason" "$PROGRAM: mkfifo testfifo: File exists (EEXIST)" "$(cat stderr)"
	expect "the file" precious "$(cat testfifo)"
	expect_exit 1 within 5 "$P" no/such/folder
	expect "the reason" "$PROGRAM: mkfifo no/such/folder: No such file or directory (ENOENT)" "$(cat stderr)"
}
