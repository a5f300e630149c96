# libevent/: the FIFO pair. Only with T=libevent, as all cases for the server and the client there.

READER=$BIN/libevent/fifo_reader
WRITER=$BIN/libevent/fifo_writer

# bytes_read: how many bytes the reader has printed; one read may give several messages.
bytes_read() {
	awk '/^read [0-9]+ bytes: / { n += $2 } END { print n + 0 }' read
}

# Whichever comes first makes the FIFO, which stays.
#: libevent/fifo_writer
writer_first() {
	"$WRITER" -s 0.05 -n 3 >wrote 2>&1 &
	writer=$!
	await wrote '^waiting for a reader of testfifo$'
	"$READER" >read 2>&1 &
	ends 0 "$writer"
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
	ends 0 "$reader"
	[ -p other ] || fail "the FIFO was removed"
}

# The reader reports that the writer has left, rests although the FIFO would be ready for ever, and
# reads from the next writer.
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

# The writer reports once that the reader has left, goes on, and the next reader gets what it writes.
#: libevent/fifo_writer
reader_killed() {
	"$WRITER" -s 0.01 >wrote 2>err &
	writer=$!
	await wrote waiting
	"$READER" >read 2>&1 &
	reader=$!
	await read '^read '
	kill -KILL "$reader"
	await err "$(error_line 'write testfifo' EPIPE)"
	"$READER" >again 2>&1 &
	await again '^read 17 bytes: hello libevent!!!$'
	expect "how often it was said" 1 "$(wc -l <err)"
	kill -INT "$writer"
	ends 0 "$writer"
}

# A writer that is interrupted before its last message has not done what it was asked to, and its exit
# status says so.
#: libevent/fifo_writer
fifo_interrupted() {
	"$READER" >read 2>&1 &
	for options in '-n 100:1' ':0'; do
		: >wrote
		# shellcheck disable=SC2086 # several words, or none
		"$WRITER" -s 0.05 ${options%:*} >wrote 2>&1 &
		writer=$!
		await wrote '^wrote'
		kill -INT "$writer"
		ends "${options#*:}" "$writer"
	done
}

# A reader that does not read is reported once, the writer does not block, and goes on afterwards.
#: libevent/fifo_writer
fifo_full() {
	mkfifo testfifo
	exec 3<>testfifo
	"$WRITER" -s 0.05 >wrote 2>err &
	writer=$!
	await wrote '^wrote'
	head -c 65519 /dev/zero | dd bs=4096 oflag=nonblock >&3 2>dd || :
	await err "$(error_line 'write testfifo' EAGAIN)"
	before=$(grep -c '^wrote' wrote)
	cat testfifo >read &
	wait_until 'it does not go on' wrote_more_than "$before"
	expect "how often it was said" 1 "$(wc -l <err)"
}

wrote_more_than() {
	saw=$(grep -c '^wrote' wrote)
	[ "$saw" -gt "$1" ]
}

# The reader prints by length, whatever the bytes are, and however many come at once.
#: libevent/fifo_reader
fifo_bytes() {
	"$READER" >read 2>&1 &
	await read '^waiting'
	head -c 5000 /dev/zero >testfifo
	await read '^the writer has left$'
	expect "bytes" 5000 "$(bytes_read)"
	expect "zeros" 5000 "$(grep -o 'x00' read | wc -l)"
}

# A path that is no FIFO is refused and stays as it is.
#: libevent/fifo_reader libevent/fifo_writer
no_fifo() {
	echo precious >testfifo
	expect_exit 1 within 5 "$P"
	expect_error 'mkfifo testfifo' EEXIST
	expect "the file" precious "$(cat testfifo)"
	expect_exit 1 within 5 "$P" no/such/folder
	expect_error 'mkfifo no/such/folder' ENOENT
}
