/*
 * The unit tests of wrap/wrap.h, where signals interrupt each wait, buffers are small, and peers
 * read and write a little at a time, or leave.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/provoke.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/wrap.h"

#define LOTS (1 << 20) /* bytes; more than small buffers hold */

static int far; /* the other end, for what happens meanwhile */
static char data[LOTS], drained[LOTS];
static volatile size_t ndrained;
static const char *feed;

static void feed_a_byte(void)
{
	if (*feed != '\0' && write(far, feed, 1) == 1)
		feed++;
}

static void drain(void)
{
	ssize_t n = recv(far, drained + ndrained, LOTS - ndrained, MSG_DONTWAIT);

	ndrained += n > 0 ? (size_t)n : 0;
}

static void leave(void)
{
	close(far);
}

static void connect_one(void)
{
	connect_unix();
}

/* Two ends, one of them for what happens meanwhile. Returns the other. */
static int near_end(void)
{
	int fds[2];

	pair(fds);
	small_buffer(fds[0]);
	far = fds[1];
	return fds[0];
}

static void test_read(void)
{
	int fd = near_end();
	char c;

	start_alarms(NULL);
	expect_error("a plain read is interrupted", EINTR, read(fd, &c, 1));
	feed = "x";
	start_alarms(feed_a_byte);
	expect("Read goes on after EINTR", 1, Read(fd, &c, 1));
	stop_alarms();
	close(far);
	expect("Read at the end of input", 0, Read(fd, &c, 1));
	expect_error("Read hands an error back", EBADF, Read(-1, &c, 1));
}

static void test_write(void)
{
	int fd = near_end();

	start_alarms(NULL);
	ssize_t part = write(fd, data, LOTS);
	expect("a plain write is short", true, part > 0 && part < LOTS);
	start_alarms(drain);
	expect("Write goes on after EINTR", 1, Write(fd, "x", 1));
	stop_alarms();
	set_nonblocking(fd);
	part = Write(fd, data, LOTS);
	expect("Write writes once, as write does", true, part > 0 && part < LOTS);
	expect_error("Write hands an error back", EAGAIN, Write(fd, data, LOTS));
	close(far);
	expect_error("Write to a peer that is gone", EPIPE, Write(fd, "x", 1));
}

static void test_writen(void)
{
	int fd = near_end();
	size_t before;

	for (size_t i = 0; i < LOTS; i++)
		data[i] = (char)(i % 251); /* shows what is lost, doubled or out of order */
	start_alarms(drain);
	expect("Writen, interrupted and short", LOTS, Writen(fd, data, LOTS));
	stop_alarms();
	do {
		before = ndrained;
		drain();
	} while (ndrained > before);
	expect("all of it came in order", 0, memcmp(data, drained, LOTS));
	start_alarms(leave);
	expect_error("Writen to a peer that goes", EPIPE, Writen(fd, data, LOTS));
	stop_alarms();
	expect_error("Writen to a peer that is gone", EPIPE, Writen(fd, "abc", 3));
}

static void test_readn(void)
{
	const char *text = "thirty bytes, one at a time, ok";
	size_t n = strlen(text);
	char buf[64] = "";
	int fd = near_end();

	feed = text;
	start_alarms(feed_a_byte);
	expect("Readn, interrupted and short", (long long)n, Readn(fd, buf, n));
	stop_alarms();
	expect_text("what it read", text, buf);
	set_nonblocking(fd);
	expect_error("Readn, nothing there yet", EAGAIN, Readn(fd, buf, 5));
	put(far, "abc");
	expect("Readn, not all there yet", 3, Readn(fd, buf, 5));
	put(far, "abc");
	close(far);
	expect("Readn, short at the end of input", 3, Readn(fd, buf, 5));
	expect("Readn at the end of input", 0, Readn(fd, buf, 5));
	expect_error("Readn hands an error back", EBADF, Readn(-1, buf, 5));
}

static void expect_line(const char *what, const char *want, int fd, size_t maxlen)
{
	char line[66];

	memset(line, '#', sizeof(line));
	ssize_t n = Readline(fd, line, maxlen);
	expect(what, (long long)strlen(want), n);
	expect_text(what, want, memchr(line, '\0', sizeof(line)) == NULL ? "(no NUL)" : line);
	expect(what, '#', line[n + 1]); /* nothing behind the NUL is touched */
}

/* All lines are there, so non-blocking: a Readline that has mixed them up does not wait for one. */
static void test_readline_of_two(void)
{
	int a = near_end(), to_a = far, b = near_end(), to_b = far;

	set_nonblocking(a);
	set_nonblocking(b);
	put(to_a, "a1\na2\n");
	put(to_b, "b1\nb2\n");
	expect_line("a's first line", "a1\n", a, 64);
	expect_line("b's first line", "b1\n", b, 64);
	expect_line("a's second line", "a2\n", a, 64);
	expect_line("b's second line", "b2\n", b, 64);
}

static void test_readline(void)
{
	int a = near_end(), to_a = far, b = near_end(), to_b = far;
	char line[64];

	put(to_a, "left behind");
	close(a);
	close(to_a);
	expect("the same descriptor again", a, near_end());
	put(far, "abcdef\nghi\n");
	expect_line("a line longer than the limit", "abc", a, 4);
	expect_line("what is left of it", "def", a, 4);
	expect_line("its newline", "\n", a, 4);
	expect_line("a line that just fits", "ghi\n", a, 5);
	expect_error("no room for a byte", EINVAL, Readline(a, line, 1));
	expect_error("no room", EINVAL, Readline(a, line, 0));

	set_nonblocking(a);
	expect_error("nothing there yet", EAGAIN, Readline(a, line, 64));
	put(far, "part");
	expect_line("part of a line", "part", a, 64);
	expect_error("still no more", EAGAIN, Readline(a, line, 64));
	put(far, "ial\n");
	expect_line("the rest of it", "ial\n", a, 64);

	far = to_b;
	feed = "a byte with each signal\n";
	start_alarms(feed_a_byte);
	expect_line("Readline, interrupted", feed, b, 64);
	stop_alarms();
	if (write(to_b, "a\0b\n", 4) == 4)
		expect("a NUL in a line", 4, Readline(b, line, 64));
	expect("all of it", 0, memcmp(line, "a\0b\n", 5));
	put(to_b, "no newline");
	close(to_b);
	expect_line("a line ended by the end of input", "no newline", b, 64);
	expect_line("the end of input", "", b, 64);
	expect_error("Readline hands an error back", EBADF, Readline(-1, line, 64));
}

/*
 * These two take the library's place and fail as only a bad network or a bad disk makes them fail:
 * accept with each of accept_errors, the last one first, close with close_error.
 */
static int accept_errors[16], naccept_errors, close_error;

int fake_accept(int fd, struct sockaddr *sa, socklen_t *len) __asm__("accept");
int fake_accept(int fd, struct sockaddr *sa, socklen_t *len)
{
	if (naccept_errors == 0)
		return accept4(fd, sa, len, 0);
	errno = accept_errors[--naccept_errors];
	return -1;
}

int fake_close(int fd) __asm__("close");
int fake_close(int fd)
{
	if (close_error == 0)
		return (int)syscall(SYS_close, fd);
	errno = close_error;
	return -1;
}

static void test_accept(void)
{
	static const int passing[] = {ECONNABORTED, EPROTO,    ENETDOWN,     ENETUNREACH, EINTR,
				      ENOPROTOOPT,  EHOSTDOWN, EHOSTUNREACH, ENONET};
	int lfd = listen_unix();

	start_alarms(connect_one);
	expect("Accept goes on after EINTR", true, Accept(lfd, NULL, NULL) != -1);
	stop_alarms();
	lfd = listen_unix();
	connect_unix();
	memcpy(accept_errors, passing, sizeof(passing));
	naccept_errors = sizeof(passing) / sizeof(passing[0]);
	expect("Accept goes on after the network's errors", true, Accept(lfd, NULL, NULL) != -1);

	set_nonblocking(lfd);
	expect_error("Accept hands back EAGAIN", EAGAIN, Accept(lfd, NULL, NULL));
	expect_error("and EBADF", EBADF, Accept(-1, NULL, NULL));
	no_more_descriptors();
	expect_error("and EMFILE", EMFILE, Accept(lfd, NULL, NULL));
	more_descriptors();
	lfd = listen_unix();
	shutdown(lfd, SHUT_RD);
	expect_error("and EINVAL, of a socket that was shut down", EINVAL, Accept(lfd, NULL, NULL));
	accept_errors[naccept_errors++] = EOPNOTSUPP;
	expect_error("and what it does not know", EOPNOTSUPP, Accept(lfd, NULL, NULL));
}

static void test_ends(void)
{
	struct sockaddr_in taken = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(taken);
	char want[128];

	/* A port that is bound and does not listen refuses whoever connects. */
	int fd = Socket(AF_INET, SOCK_STREAM, 0);
	Bind(fd, (struct sockaddr *)&taken, len);
	getsockname(fd, (struct sockaddr *)&taken, &len);
	expect_end("Socket", 1, "tests/unit_wrap: socket: (EAFNOSUPPORT)\n",
		   Socket(-1, SOCK_STREAM, 0));
	int other = Socket(AF_INET, SOCK_STREAM, 0);
	snprintf(want, sizeof(want), "tests/unit_wrap: bind 127.0.0.1:%d: (EADDRINUSE)\n",
		 ntohs(taken.sin_port));
	expect_end("Bind", 1, want, Bind(other, (struct sockaddr *)&taken, len));
	snprintf(want, sizeof(want), "tests/unit_wrap: connect 127.0.0.1:%d: (ECONNREFUSED)\n",
		 ntohs(taken.sin_port));
	expect_end("Connect", 1, want, Connect(other, (struct sockaddr *)&taken, len));
	expect_end("Listen", 1, "tests/unit_wrap: listen: (EBADF)\n", Listen(-1, 1));
	expect_end("Close", 1, "tests/unit_wrap: close: (EBADF)\n", Close(-1));
	close_error = EIO;
	expect_error("Close hands back other errors", EIO, Close(fd));
	close_error = 0;
}

int main(int argc, char *argv[])
{
	options(argc, argv, ""); /* among other things, SIGPIPE is ignored */
	run("Read", test_read);
	run("Write", test_write);
	run("Writen", test_writen);
	run("Readn", test_readn);
	run("Readline", test_readline);
	run("Readline on two descriptors", test_readline_of_two);
	run("Accept", test_accept);
	run("what ends the program", test_ends);
	return checked();
}
