/*
 * The unit tests of wrap/. What hits a program once in a thousand runs is provoked here for real: a
 * timer's signal without SA_RESTART interrupts every wait, socket buffers are small, peers read and
 * write a little with each signal, or leave. The numbers are those of the defects in such code.
 * Each test has a process of its own, so that one which dies or hangs fails alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

#define BOUND_SECONDS 20
#define LOTS (1 << 20) /* bytes; more than small buffers hold */
#define LINES 20000
#define OTHERS 10 /* alarms before the awaited thing happens */

static bool failed;

static void expect(const char *what, long long want, long long seen)
{
	if (want == seen) {
		printf("ok %s\n", what);
		return;
	}
	printf("FAIL %s: expected %lld, saw %lld\n", what, want, seen);
	failed = true;
}

static void expect_text(const char *what, const char *want, const char *seen)
{
	if (strcmp(want, seen) == 0) {
		printf("ok %s\n", what);
		return;
	}
	printf("FAIL %s: expected '%s', saw '%s'\n", what, want, seen);
	failed = true;
}

/* The call returned -1 with errno WANT. */
static void expect_error(const char *what, int want, ssize_t result)
{
	int err = errno;

	expect(what, want, result == -1 ? err : 0);
}

static void pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		perr_exit("socketpair");
}

static void put(int fd, const char *text)
{
	size_t n = strlen(text);

	if (write(fd, text, n) != (ssize_t)n)
		perr_exit("write");
}

static void no_wait(int fd)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		perr_exit("fcntl");
}

/* WHICH is SO_SNDBUF or SO_RCVBUF. */
static void small_buffer(int fd, int which)
{
	int bytes = 4096;

	if (setsockopt(fd, SOL_SOCKET, which, &bytes, sizeof(bytes)) == -1)
		perr_exit("setsockopt");
}

/* Bytes that show at once when some are lost, doubled or out of order. */
static void pattern(char *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		data[i] = (char)(i % 251);
}

/* The library's accept, so that it can be made to fail as only a bad network makes it. */
static int accept_errors[16], naccept_errors;
int fake_accept(int fd, struct sockaddr *sa, socklen_t *len) __asm__("accept");
int fake_accept(int fd, struct sockaddr *sa, socklen_t *len)
{
	if (naccept_errors > 0) {
		if (len != NULL)
			*len = 0; /* what a failed call leaves there, nobody promises */
		errno = accept_errors[--naccept_errors];
		return -1;
	}
	return (int)syscall(SYS_accept4, fd, sa, len, 0);
}

/* ---- A signal every millisecond, which interrupts what waits and then calls EACH_ALARM. */

static void (*volatile each_alarm)(void);
static volatile sig_atomic_t alarms;
static int far_end; /* of the connection: each_alarm plays the peer */

static void on_alarm(int signo)
{
	int err = errno;

	(void)signo;
	alarms++;
	if (each_alarm != NULL)
		each_alarm();
	errno = err;
}

static void start_alarms(int fd, void (*each)(void))
{
	struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
	struct itimerval every = {{.tv_usec = 1000}, {.tv_usec = 1000}};

	far_end = fd;
	each_alarm = each;
	alarms = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

static void stop_alarms(void)
{
	struct itimerval never = {0};

	setitimer(ITIMER_REAL, &never, NULL);
}

static const char *feed;

static void feed_at_last(void)
{
	if (alarms == OTHERS && write(far_end, "x", 1) != 1)
		_exit(EXIT_FAILURE);
}

static void feed_a_byte(void)
{
	if (*feed != '\0' && write(far_end, feed, 1) == 1)
		feed++;
}

static char drained[2 * LOTS];
static volatile size_t ndrained;

static void drain(void)
{
	ssize_t n = recv(far_end, drained + ndrained, 30000, MSG_DONTWAIT);

	if (n > 0)
		ndrained += (size_t)n;
}

static void drain_at_last(void)
{
	if (alarms >= OTHERS)
		drain();
}

static void leave_at_last(void)
{
	if (alarms == OTHERS)
		close(far_end);
}

static struct sockaddr_un where;
static socklen_t where_len;

static void connect_at_last(void)
{
	if (alarms == OTHERS && connect(far_end, (struct sockaddr *)&where, where_len) == -1)
		_exit(EXIT_FAILURE);
}

/* ---- wrap.h */

static void test_read(void)
{
	int fds[2];
	char c;

	pair(fds);
	start_alarms(fds[1], NULL);
	expect_error("a plain read is interrupted", EINTR, read(fds[0], &c, 1));
	start_alarms(fds[1], feed_at_last);
	expect("Read goes on after EINTR", 1, Read(fds[0], &c, 1));
	stop_alarms();
	Close(fds[1]);
	expect("Read, end of input", 0, Read(fds[0], &c, 1));
	no_wait(fds[0]);
	Close(fds[0]);
	expect_error("Read, EBADF", EBADF, Read(fds[0], &c, 1));
}

static void fill(int fd)
{
	static char block[4096];

	while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
		;
}

static void test_write(void)
{
	static char data[LOTS];
	int fds[2];

	pair(fds);
	small_buffer(fds[0], SO_SNDBUF);
	pattern(data, sizeof(data));
	start_alarms(fds[1], NULL);
	ssize_t part = write(fds[0], data, sizeof(data));
	expect("a plain write is short", true, part > 0 && part < LOTS);
	expect_error("a plain write is interrupted", EINTR, write(fds[0], data, 1));
	start_alarms(fds[1], drain_at_last);
	expect("Write goes on after EINTR", 1, Write(fds[0], "x", 1));
	stop_alarms();
	Close(fds[0]);
	Close(fds[1]);

	if (pipe(fds) == -1)
		perr_exit("pipe");
	expect("Write to what is no socket", 3, Write(fds[1], "abc", 3));
	expect("it is there", 3, Read(fds[0], data, sizeof(data)));
	Close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	expect_error("Write to a pipe that nobody reads", EPIPE, Write(fds[1], "abc", 3));
	Close(fds[1]);
}

static void test_writen(void)
{
	static char data[LOTS];
	int fds[2];

	pair(fds);
	small_buffer(fds[0], SO_SNDBUF);
	pattern(data, sizeof(data));
	start_alarms(fds[1], drain);
	expect("Writen, interrupted and short", LOTS, Writen(fds[0], data, sizeof(data)));
	stop_alarms();
	Close(fds[0]);
	for (size_t before = 1; before != ndrained;) {
		before = ndrained;
		drain();
	}
	expect("all of it arrives", LOTS, (long long)ndrained);
	expect("in order", 0, memcmp(data, drained, sizeof(data)));
	Close(fds[1]);
	expect("Writen of nothing", 0, Writen(STDOUT_FILENO, "", 0));
	pair(fds);
	no_wait(fds[0]);
	fill(fds[0]);
	expect_error("Writen to a full non-blocking one", EAGAIN, Writen(fds[0], data, LOTS));
}

/* Defect 10: SIGPIPE is at its default, and would end this process. */
static void test_writen_to_the_gone(void)
{
	static char data[LOTS];
	int fds[2];

	pair(fds);
	Close(fds[1]);
	expect_error("10: Writen to a peer that is gone", EPIPE, Writen(fds[0], "abc", 3));
	expect_error("10: and again", EPIPE, Writen(fds[0], "abc", 3));
	Close(fds[0]);
	pair(fds);
	small_buffer(fds[0], SO_SNDBUF);
	start_alarms(fds[1], leave_at_last);
	expect_error("10: Writen to a peer that goes", EPIPE, Writen(fds[0], data, LOTS));
	stop_alarms();
}

static void test_readn(void)
{
	const char *text = "thirty bytes, one at a time, ok";
	char buf[64] = "";
	size_t n = strlen(text);
	int fds[2];

	pair(fds);
	feed = text;
	start_alarms(fds[1], feed_a_byte);
	expect("Readn, interrupted and short", (long long)n, Readn(fds[0], buf, n));
	stop_alarms();
	expect_text("what it read", text, buf);
	no_wait(fds[0]);
	expect_error("Readn, nothing there yet", EAGAIN, Readn(fds[0], buf, 5));
	put(fds[1], "abc");
	expect("Readn, not all there yet", 3, Readn(fds[0], buf, 5));
	put(fds[1], "abc");
	Close(fds[1]);
	expect("Readn, short at the end of input", 3, Readn(fds[0], buf, 5));
	expect("Readn at the end of input", 0, Readn(fds[0], buf, 5));
	expect("Readn of nothing", 0, Readn(fds[0], buf, 0));
	expect_error("Readn, EBADF", EBADF, Readn(-1, buf, 5));
}

static void expect_line(const char *what, const char *want, int fd, size_t maxlen)
{
	char line[66], name[128];

	memset(line, '#', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	ssize_t n = Readline(fd, line, maxlen);
	expect_text(what, want, n == -1 ? "(-1)" : line);
	snprintf(name, sizeof(name), "%s: bytes stored", what);
	expect(name, (long long)strlen(want), n);
	snprintf(name, sizeof(name), "%s: nothing behind them", what);
	expect(name, '#', line[n < 0 ? 0 : n + 1]);
}

static void test_readline(void)
{
	int a[2], b[2];
	char line[64];

	pair(a);
	pair(b);
	put(a[1], "a1\na2\n");
	put(b[1], "b1\nb2\n");
	expect_line("5: a's first line", "a1\n", a[0], 64);
	expect_line("5: b's first line", "b1\n", b[0], 64);
	expect_line("5: a's second line", "a2\n", a[0], 64);
	expect_line("5: b's second line", "b2\n", b[0], 64);

	put(a[1], "one\nleft behind");
	expect_line("7: before the close", "one\n", a[0], 64);
	int old = a[0];
	Close(a[0]);
	Close(a[1]);
	pair(a);
	expect("7: the same descriptor again", old, a[0]);
	put(a[1], "two\n");
	expect_line("7: the next connection's first line", "two\n", a[0], 64);

	put(a[1], "abcdef\nghi\n");
	expect_line("8: at the limit", "abc", a[0], 4);
	expect_line("8: the call after it", "def", a[0], 4);
	expect_line("8: the newline", "\n", a[0], 4);
	expect_line("8: a line that just fits", "ghi\n", a[0], 5);
	expect_error("8: no room for a byte", EINVAL, Readline(a[0], line, 1));
	expect_error("8: no room", EINVAL, Readline(a[0], line, 0));

	no_wait(a[0]);
	expect_error("9: nothing there yet", EAGAIN, Readline(a[0], line, 64));
	put(a[1], "part");
	expect_line("9: part of a line", "part", a[0], 64);
	expect_error("9: still no more", EAGAIN, Readline(a[0], line, 64));
	put(a[1], "ial\n");
	expect_line("9: the rest of it", "ial\n", a[0], 64);

	feed = "a byte with each signal\n";
	start_alarms(b[1], feed_a_byte);
	expect_line("Readline, interrupted", feed, b[0], 64);
	stop_alarms();
	if (write(b[1], "a\0b\n", 4) != 4)
		perr_exit("write");
	expect("a NUL in a line", 4, Readline(b[0], line, sizeof(line)));
	expect("all of it", 0, memcmp(line, "a\0b\n", 5));
	put(b[1], "no newline");
	Close(b[1]);
	expect_line("ended by the end of input", "no newline", b[0], 64);
	expect_line("the end of input", "", b[0], 64);
	expect_error("Readline, EBADF", EBADF, Readline(-1, line, 64));
}

/* One of two at once: writes numbered lines with its name on one side, reads them on the other. */
static void *read_lines(void *arg)
{
	const char *name = arg;
	char want[64], line[64];
	long *wrong = calloc(1, sizeof(*wrong));
	int fds[2];

	pair(fds);
	for (int i = 0; i < LINES; i++) {
		snprintf(want, sizeof(want), "%s %d\n", name, i);
		put(fds[1], want); /* at most a hundred lines wait to be read */
		if (i % 100 != 99)
			continue;
		for (int j = i - 99; j <= i; j++) {
			snprintf(want, sizeof(want), "%s %d\n", name, j);
			ssize_t n = Readline(fds[0], line, sizeof(line));
			*wrong += n != (ssize_t)strlen(want) || strcmp(line, want) != 0;
		}
	}
	Close(fds[1]);
	*wrong += Readline(fds[0], line, sizeof(line)) != 0;
	Close(fds[0]);
	return wrong;
}

static void test_readline_threads(void)
{
	pthread_t a, b;
	void *wrong;

	if (pthread_create(&a, NULL, read_lines, "the first thread's line") != 0 ||
	    pthread_create(&b, NULL, read_lines, "the second's") != 0)
		perr_exit("pthread_create");
	pthread_join(a, &wrong);
	expect("6: wrong lines of 20,000 in one thread", 0, *(long *)wrong);
	free(wrong);
	pthread_join(b, &wrong);
	expect("6: wrong lines of 20,000 in another", 0, *(long *)wrong);
	free(wrong);
}

static int unix_listen(void)
{
	int lfd = Socket(AF_UNIX, SOCK_STREAM, 0);

	where = (struct sockaddr_un){.sun_family = AF_UNIX};
	Bind(lfd, (struct sockaddr *)&where, sizeof(where.sun_family)); /* the kernel names it */
	Listen(lfd, 16);
	where_len = sizeof(where);
	if (getsockname(lfd, (struct sockaddr *)&where, &where_len) == -1)
		perr_exit("getsockname");
	return lfd;
}

static int unix_connect(void)
{
	int fd = Socket(AF_UNIX, SOCK_STREAM, 0);

	Connect(fd, (struct sockaddr *)&where, where_len);
	return fd;
}

/* The limit is lowered to those that are open. */
static void no_more_descriptors(void)
{
	int lowest = dup(STDIN_FILENO);
	struct rlimit limit;

	Close(lowest);
	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		perr_exit("getrlimit");
	limit.rlim_cur = (rlim_t)lowest;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		perr_exit("setrlimit");
}

static void test_accept(void)
{
	static const int passing[] = {ECONNABORTED, EPROTO,    ENETDOWN,     ENETUNREACH, EINTR,
				      ENOPROTOOPT,  EHOSTDOWN, EHOSTUNREACH, ENONET};
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);
	int lfd = unix_listen(), fd;

	expect_error("11: Accept, EBADF", EBADF, Accept(-1, NULL, NULL));
	expect_error("Accept, ENOTSOCK", ENOTSOCK, Accept(STDIN_FILENO, NULL, NULL));
	far_end = Socket(AF_UNIX, SOCK_STREAM, 0);
	start_alarms(far_end, connect_at_last);
	fd = Accept(lfd, NULL, NULL);
	stop_alarms();
	expect("Accept goes on after EINTR", true, fd != -1 && alarms >= OTHERS);
	Close(fd);

	int client = unix_connect();
	memcpy(accept_errors, passing, sizeof(passing));
	naccept_errors = sizeof(passing) / sizeof(passing[0]);
	fd = Accept(lfd, (struct sockaddr *)&sa, &len);
	expect("Accept goes on after the network's faults", true, fd != -1);
	expect("they are used up", 0, naccept_errors);
	expect("the address's family after them", AF_UNIX, sa.ss_family);
	expect("its length", sizeof(sa_family_t), len);
	Close(fd);
	Close(client);

	client = unix_connect();
	no_more_descriptors();
	expect_error("11: Accept, EMFILE", EMFILE, Accept(lfd, NULL, NULL));
	raise_descriptor_limit();
	fd = Accept(lfd, NULL, NULL);
	expect("11: the client is served later", true, fd != -1);
	shutdown(lfd, SHUT_RD);
	expect_error("Accept, shut down", EINVAL, Accept(lfd, NULL, NULL));
	lfd = unix_listen();
	no_wait(lfd);
	expect_error("Accept, EAGAIN", EAGAIN, Accept(lfd, NULL, NULL));
}

/* ---- Those that end the program: its exit status, and all that it says on stderr. */

static int quiet_port(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(in);
	int fd = Socket(AF_INET, SOCK_STREAM, 0); /* kept, and not listening: refuses */

	Bind(fd, (struct sockaddr *)&in, sizeof(in));
	if (getsockname(fd, (struct sockaddr *)&in, &len) == -1)
		perr_exit("getsockname");
	return ntohs(in.sin_port);
}

static struct sockaddr_in taken;

static void end_socket(void)
{
	Socket(-1, SOCK_STREAM, 0);
}

static void end_bind(void)
{
	Bind(Socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&taken, sizeof(taken));
}

static void end_listen(void)
{
	Listen(-1, 1);
}

static void end_connect(void)
{
	Connect(Socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&taken, sizeof(taken));
}

static void end_close(void)
{
	Close(-1);
}

static void end_perr_exit(void)
{
	errno = EPIPE;
	perr_exit("what %s"); /* no format */
}

static void no_end(void)
{
	errno = EMFILE;
	complain("%s %d", "number", 7);
	errno = 0;
	complain("no reason");
	errno = 4242;
	complain("odd");
	dup2(open("/dev/full", O_WRONLY), STDERR_FILENO); /* now it fails */
	errno = EMFILE;
	complain("unheard");
	if (errno != EMFILE)
		exit(3);
}

static void expect_end(const char *what, void (*call)(void), int status, const char *said)
{
	char text[1024], name[128];
	int fds[2], seen;

	if (pipe(fds) == -1)
		perr_exit("pipe");
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		call();
		exit(EXIT_SUCCESS);
	}
	Close(fds[1]);
	ssize_t n = Readn(fds[0], text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	Close(fds[0]);
	waitpid(pid, &seen, 0);
	snprintf(name, sizeof(name), "%s: exit status", what);
	expect(name, status, WIFEXITED(seen) ? WEXITSTATUS(seen) : -1);
	snprintf(name, sizeof(name), "%s: what it says", what);
	expect_text(name, said, text);
}

static void test_ends(void)
{
	char text[128];

	taken = (struct sockaddr_in){.sin_family = AF_INET,
				     .sin_addr = {htonl(INADDR_LOOPBACK)},
				     .sin_port = htons((uint16_t)quiet_port())};
	expect_end("Socket", end_socket, 1,
		   "tests/unit_wrap: socket: Address family not supported by protocol "
		   "(EAFNOSUPPORT)\n");
	snprintf(text, sizeof(text), "tests/unit_wrap: bind 127.0.0.1:%d: %s\n",
		 ntohs(taken.sin_port), "Address already in use (EADDRINUSE)");
	expect_end("Bind", end_bind, 1, text);
	expect_end("Listen", end_listen, 1,
		   "tests/unit_wrap: listen: Bad file descriptor (EBADF)\n");
	snprintf(text, sizeof(text), "tests/unit_wrap: connect 127.0.0.1:%d: %s\n",
		 ntohs(taken.sin_port), "Connection refused (ECONNREFUSED)");
	expect_end("Connect", end_connect, 1, text);
	expect_end("11: Close, EBADF", end_close, 1,
		   "tests/unit_wrap: close: Bad file descriptor (EBADF)\n");
	expect_end("perr_exit", end_perr_exit, 1,
		   "tests/unit_wrap: what %s: Broken pipe (EPIPE)\n");
	expect_end("complain", no_end, 0,
		   "tests/unit_wrap: number 7: Too many open files (EMFILE)\n"
		   "tests/unit_wrap: no reason\n"
		   "tests/unit_wrap: odd: Unknown error 4242 (errno 4242)\n");
}

/* ---- Text */

static void test_upper(void)
{
	char buf[512], before[512];
	long wrong = 0;

	for (size_t from = 0; from < 64; from++) {
		for (size_t n = 0; n <= 256; n++) {
			for (size_t i = 0; i < sizeof(buf); i++)
				buf[i] = before[i] = (char)(i - from);
			upper(buf + from, n);
			for (size_t i = 0; i < sizeof(buf); i++) {
				bool lower = before[i] >= 'a' && before[i] <= 'z';
				bool inside = i >= from && i < from + n;
				char want =
				    (char)(lower && inside ? before[i] - 'a' + 'A' : before[i]);
				wrong += buf[i] != want;
			}
		}
	}
	expect("upper, all bytes, lengths and alignments: wrong ones", 0, wrong);
}

/* In memory of just LEN bytes, so that the address sanitizer sees one byte read too many. */
static void expect_address(const char *want, const void *sa, size_t len)
{
	char text[ADDRESS_TEXT];
	void *copy = malloc(len);

	if (copy == NULL)
		perr_exit("malloc");
	memcpy(copy, sa, len);
	address_text(copy, (socklen_t)len, text);
	expect_text("address_text", want, text);
	free(copy);
}

static void expect_path(const char *want, const char *path, size_t n)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	memcpy(sun.sun_path, path, n);
	expect_address(want, &sun, offsetof(struct sockaddr_un, sun_path) + n);
}

static void test_address_text(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(9527)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(65535)};
	struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = "srv.socket"};
	char longest[1 + 4 * sizeof(sun.sun_path) + 1] = "@", path[sizeof(sun.sun_path)];

	expect_address("0.0.0.0:9527", &in, sizeof(in));
	in.sin_addr.s_addr = htonl(0xfffefdfc);
	expect_address("255.254.253.252:9527", &in, sizeof(in));
	expect_address("[::]:65535", &in6, sizeof(in6));
	in6.sin6_addr = in6addr_loopback;
	in6.sin6_port = 0;
	expect_address("[::1]:0", &in6, sizeof(in6));
	memcpy(&in6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\x01", 16);
	expect_address("[::ffff:127.0.0.1]:0", &in6, sizeof(in6));
	memcpy(&in6.sin6_addr, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	in6.sin6_scope_id = if_nametoindex("lo");
	expect_address("[fe80::1%lo]:0", &in6, sizeof(in6));

	expect_address("srv.socket", &sun, sizeof(sun)); /* as bind was given it */
	expect_path("srv.socket", "srv.socket", 10);	 /* as the kernel may give it */
	expect_path("srv.socket", "srv.socket", 11);
	expect_path("a\\x0ab", "a\nb", 3);
	expect_path("(unnamed)", "", 0);
	expect_path("@", "", 1);
	expect_path("@name", "\0name", 5);
	expect_path("@a\\x00b", "\0a\0b", 4);
	memset(path, 'p', sizeof(path));
	memset(longest, 'p', sizeof(path));
	longest[sizeof(path)] = '\0';
	expect_path(longest, path, sizeof(path)); /* no NUL: sun_path is full */
	path[0] = '\0';
	memset(path + 1, 0xff, sizeof(path) - 1);
	longest[0] = '@';
	for (size_t i = 1; i < sizeof(path); i++)
		memcpy(longest + 4 * i - 3, "\\xff", 5);
	expect_path(longest, path, sizeof(path));
	sun.sun_family = 250;
	expect_address("(unknown)", &sun, sizeof(sun));
}

static void test_printable(void)
{
	char text[64];
	long wrong = 0;

	expect("printable returns", 15, (long long)printable(text, 64, "a~ \0\x7f\xff", 6));
	expect_text("printable", "a~ \\x00\\x7f\\xff", text);
	expect("of nothing", 0, (long long)printable(text, sizeof(text), "", 0));
	expect_text("of nothing", "", text);
	for (size_t size = 1; size <= 32; size++) {
		memset(text, '#', sizeof(text));
		size_t n = printable(text, size, "ab\1\2c\3\4\5", 8);
		wrong += n >= size || strlen(text) != n || text[size] != '#' ||
			 strncmp(text, "ab\\x01\\x02c\\x03\\x04\\x05", n) != 0 ||
			 (strrchr(text, '\\') != NULL && strlen(strrchr(text, '\\')) < 4);
	}
	expect("printable in sizes too small: wrong ones", 0, wrong);
}

/* ---- echo.h */

static int lfd, client, served;

static void start_server(int family)
{
	opt.quiet = true;
	lfd = family == AF_UNIX ? unix_listen() : tcp_listen("127.0.0.1", 0);
	no_wait(lfd);
	server_ready(lfd);
}

static void a_client(void)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getsockname(lfd, (struct sockaddr *)&sa, &len) == -1)
		perr_exit("getsockname");
	client = Socket(sa.ss_family, SOCK_STREAM, 0);
	small_buffer(client, SO_RCVBUF);
	Connect(client, (struct sockaddr *)&sa, len);
}

static void a_served_client(int family)
{
	start_server(family);
	a_client();
	served = client_accept(lfd);
	if (served == -1)
		perr_exit("client_accept");
}

static void expect_closed(void)
{
	expect_error("the descriptor is closed", EBADF, fcntl(served, F_GETFD));
}

/* A wait as a loop would do it; on the loopback it is over at once. */
static void ready(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	if (poll(&p, 1, BOUND_SECONDS * 1000) != 1)
		perr_exit("poll");
}

static int waiting(int fd)
{
	int n = -1;

	if (ioctl(fd, FIONREAD, &n) == -1)
		perr_exit("FIONREAD");
	return n;
}

static void test_echo_step(void)
{
	char buf[64] = "";

	a_served_client(AF_INET);
	expect("no second client", -1, client_accept(lfd));
	expect("that is no shortage", KEEP, accept_want());
	expect("a step with nothing to do", KEEP, echo_step(served));
	put(client, "one\ntwo");
	ready(served, POLLIN);
	expect("a step with all taken", KEEP, echo_step(served));
	expect("the echo", 7, Readn(client, buf, 7));
	expect_text("the echo", "ONE\nTWO", buf);
	Close(client);
	ready(served, POLLIN);
	expect("end of file", OVER, echo_step(served));
	expect_closed();
	echo_end();
}

/* A read that fills the buffer may have left something: an edge-triggered loop must ask anew. */
static void test_echo_full(void)
{
	static char data[LOTS], buf[LOTS];
	int room = LOTS, n;
	ssize_t sent;

	a_served_client(AF_UNIX);
	setsockopt(client, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	setsockopt(served, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	pattern(data, sizeof(data));
	sent = send(client, data, sizeof(data), MSG_DONTWAIT);
	expect("more than one step's worth", true, sent > 300000);
	expect("a step that fills its buffer", WANT_READ, echo_step(served));
	upper(data, sizeof(data));
	for (ssize_t back = 0; back < sent; back += n) {
		n = (int)Read(client, buf, sizeof(buf));
		if (n <= 0 || memcmp(buf, data + back, (size_t)n) != 0) {
			expect("the echo from byte", -1, back);
			return;
		}
		if (waiting(served) > 0 || waiting(client) == 0)
			echo_step(served);
	}
	expect("a step when it is drained", KEEP, echo_step(served));
	client_drop(served, 0);
	expect_closed();
	Close(client);
	echo_end();
}

/*
 * The client sends and does not read: the step says so and reads no more. Then it sends its end,
 * and only then reads: all that it is owed comes first.
 */
static void test_echo_back_pressure(void)
{
	static char data[8 * LOTS], buf[65536];
	size_t sent = 0, back = 0, wrong = 0;
	int want = KEEP, left;
	ssize_t n;

	a_served_client(AF_INET);
	small_buffer(served, SO_SNDBUF);
	pattern(data, sizeof(data));
	/* The kernel takes a little more now and then: until three times neither side's does. */
	for (int stuck = 0; stuck < 3 && sent < sizeof(data) - 10000;) {
		struct pollfd p = {.fd = served, .events = POLLIN};
		n = send(client, data + sent, 10000, MSG_DONTWAIT);
		sent += n > 0 ? (size_t)n : 0;
		poll(&p, 1, 10);
		want = echo_step(served);
		stuck = n == -1 && want == WANT_WRITE ? stuck + 1 : 0;
	}
	expect("the kernel takes not all", true, sent < sizeof(data) - 10000);
	shutdown(client, SHUT_WR);
	left = waiting(served);
	expect("there is more to read", true, left > 0);
	expect("a step that still can't write", WANT_WRITE, echo_step(served));
	expect("it has read nothing", left, waiting(served));

	upper(data, sizeof(data));
	bool resumed = false;
	for (want = WANT_WRITE; want != OVER;) {
		n = recv(client, buf, sizeof(buf), MSG_DONTWAIT);
		for (ssize_t i = 0; i < n; i++)
			wrong += buf[i] != data[back++];
		struct pollfd p = {.fd = served, .events = want == WANT_WRITE ? POLLOUT : POLLIN};
		if (poll(&p, 1, 1) != 1)
			continue;
		int next = echo_step(served);
		resumed = resumed || next == WANT_READ;
		want = next == KEEP ? want : next;
	}
	expect("reading goes on when all is taken", true, resumed);
	expect_closed();
	while ((n = Read(client, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			wrong += buf[i] != data[back++];
	expect("then the end", 0, n);
	expect("all came back", (long long)sent, (long long)back);
	expect("wrong bytes", 0, (long long)wrong);
	Close(client);
	echo_end();
}

static void reset_client(void)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	Close(client);
}

static void test_echo_reset(void)
{
	static char data[65536];
	int want = KEEP;

	a_served_client(AF_INET);
	reset_client();
	ready(served, POLLIN);
	expect("a reset", OVER, echo_step(served));
	expect_closed();

	a_client();
	ready(lfd, POLLIN);
	served = client_accept(lfd);
	small_buffer(served, SO_SNDBUF);
	while (want != WANT_WRITE) {
		send(client, data, sizeof(data), MSG_DONTWAIT);
		ready(served, POLLIN);
		want = echo_step(served);
	}
	reset_client();
	ready(served, POLLIN);
	expect("a reset while bytes are owed", OVER, echo_step(served));
	expect_closed();
	echo_end();
}

/* Owed bytes of clients that are open at the end are freed (the address sanitizer looks). */
static void test_echo_end(void)
{
	static char data[65536];
	int want = KEEP;

	a_served_client(AF_INET);
	small_buffer(served, SO_SNDBUF);
	while (want != WANT_WRITE) {
		send(client, data, sizeof(data), MSG_DONTWAIT);
		ready(served, POLLIN);
		want = echo_step(served);
	}
	echo_end();
	expect_closed();
	Close(client);
}

/* What a call says on stderr goes to a file, which said() reads. */
static int said_fd;

static void listen_to_stderr(void)
{
	char name[] = "/tmp/unit_wrap.XXXXXX";

	said_fd = mkstemp(name);
	if (said_fd == -1 || unlink(name) == -1 || dup2(said_fd, STDERR_FILENO) == -1)
		perr_exit("mkstemp");
}

static const char *said(void)
{
	static char text[1024];
	ssize_t n = pread(said_fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void test_accept_pause(void)
{
	const char *once = "tests/unit_wrap: accept: Too many open files (EMFILE)\n";

	listen_to_stderr();
	a_served_client(AF_INET);
	expect("no pause", KEEP, accept_want());
	expect("no limit to the wait", -1, accept_timeout());
	a_client();
	ready(lfd, POLLIN);
	no_more_descriptors();
	expect("no room for a client", -1, client_accept(lfd));
	expect("accepting pauses", WANT_NOTHING, accept_want());
	expect("asked again", KEEP, accept_want());
	expect("for a while", true, accept_timeout() > 0 && accept_timeout() <= 1000);
	expect_text("that is said", once, said());

	int64_t before = now_ms();
	while (accept_want() == KEEP && now_ms() - before < BOUND_SECONDS * 1000)
		poll(NULL, 0, accept_timeout());
	expect("it goes on by itself within a second", true, now_ms() - before <= 1000);
	expect("no limit to the wait then", -1, accept_timeout());
	expect("still no room", -1, client_accept(lfd));
	expect("it pauses again", WANT_NOTHING, accept_want());
	expect_text("said once only", once, said());

	client_drop(served, 0);
	expect("it goes on when a client leaves", WANT_READ, accept_want());
	expect("asked again", KEEP, accept_want());
	served = client_accept(lfd);
	expect("and there is room", true, served != -1);
	echo_end();
}

static void test_client_refuse(void)
{
	char want[ADDRESS_TEXT + 128], text[ADDRESS_TEXT];
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char c;

	listen_to_stderr();
	a_served_client(AF_INET);
	if (getsockname(client, (struct sockaddr *)&sa, &len) == -1)
		perr_exit("getsockname");
	address_text((struct sockaddr *)&sa, len, text);
	snprintf(want, sizeof(want), "tests/unit_wrap: client %s refused, descriptor %d: %s\n",
		 text, served, "Cannot allocate memory (ENOMEM)");
	errno = ENOMEM;
	client_refuse(served);
	expect_text("a client is refused", want, said());
	expect_closed();
	expect("it sees the end", 0, Read(client, &c, 1));
	echo_end();
}

/* The next flow, from FROM to TO. */
static struct flow *a_flow(int from, int to)
{
	static struct flow flows[8], *next = flows;
	struct flow *f = next++;

	f->from = from;
	f->to = to;
	return f;
}

/* Reads, writes, ends; who else has a descriptor open may have set O_NONBLOCK on it. */
static void test_flow(void)
{
	int in[2], out[2];
	char buf[8] = "";

	pair(in);
	pair(out);
	no_wait(in[0]);
	no_wait(out[0]);
	struct flow *f = a_flow(in[0], out[0]);
	pid_t pid = fork();
	if (pid == 0) {
		poll(NULL, 0, 300);
		put(in[1], "abc");
		_exit(0);
	}
	int steps = 0;
	while (poll(&(struct pollfd){.fd = in[0], .events = POLLIN}, 1, 0) == 0) {
		expect("a step with nothing to read", true, flow_step(f));
		steps++;
	}
	expect("it waits and does not spin", true, steps < 50);
	expect("has read nothing", 0, (long long)f->rest);
	expect("a step that reads", true, flow_step(f));
	expect("how much waits", 3, (long long)f->rest);
	expect("what passed by then", 0, (long long)f->bytes);
	expect("a step that writes", true, flow_step(f));
	expect("what passed", 3, (long long)f->bytes);
	expect("what arrived", 3, Read(out[1], buf, sizeof(buf)));
	expect_text("what arrived", "abc", buf);

	small_buffer(out[0], SO_SNDBUF);
	while (send(out[0], buf, 1, 0) == 1)
		;
	put(in[1], "def");
	flow_step(f);
	expect("a step with no room to write", true, flow_step(f));
	expect("has written nothing", 3, (long long)f->bytes);
	while (recv(out[1], buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	expect("a step that writes again", true, flow_step(f));
	expect("what passed in all", 6, (long long)f->bytes);

	Close(in[1]);
	expect("a step at the end", false, flow_step(f));
	expect("that is no error", 0, f->err);
	expect("it has ended", true, f->ended);

	/* stdout is the user's: no write may be larger than what poll's word covers. */
	static char lines[2 * PIPE_BUF];
	pair(in);
	if (write(in[1], lines, sizeof(lines)) != sizeof(lines))
		perr_exit("write");
	if (pipe(out) == -1)
		perr_exit("pipe");
	fflush(stdout);
	int standard = dup(STDOUT_FILENO);
	dup2(out[1], STDOUT_FILENO);
	f = a_flow(in[0], STDOUT_FILENO);
	flow_step(f);
	flow_step(f);
	dup2(standard, STDOUT_FILENO);
	expect("one write to stdout", PIPE_BUF, (long long)f->bytes);
}

/* What failed is said in one line, and what failed last is not what is said. */
static void test_flow_end(void)
{
	int sock[2];

	listen_to_stderr();
	pair(sock);
	struct flow *up = a_flow(STDIN_FILENO, sock[0]), *down = a_flow(sock[0], STDOUT_FILENO);
	up->ended = down->ended = true;
	up->bytes = down->bytes = 7;
	expect("all came back", EXIT_SUCCESS, flow_end(up, down));
	expect_text("nothing is said", "", said());
	down->bytes = 6;
	expect("one byte did not", EXIT_FAILURE, flow_end(up, down));
	expect_text("so it is said",
		    "tests/unit_wrap: the server closed early: 7 bytes sent, 6 came back\n",
		    said());

	listen_to_stderr();
	down->bytes = 8;
	expect("one too many did", EXIT_FAILURE, flow_end(up, down));
	expect_text("so it is said",
		    "tests/unit_wrap: the server sent too much: 7 bytes sent, 8 came back\n",
		    said());

	listen_to_stderr();
	put(sock[1], "abc");
	Close(sock[1]);
	up->ended = false;
	up->rest = 3;
	expect("a write to the gone", false, flow_step(up));
	expect("is kept", EPIPE, up->err);
	expect("it fails", EXIT_FAILURE, flow_end(up, down));
	expect_text("that is said", "tests/unit_wrap: write to the server: Broken pipe (EPIPE)\n",
		    said());

	listen_to_stderr();
	struct flow *bad = a_flow(-1, STDOUT_FILENO), *good = a_flow(STDIN_FILENO, sock[0]);
	expect("a read that fails", false, flow_step(bad));
	expect("it fails", EXIT_FAILURE, flow_end(good, bad));
	expect_text("that is said",
		    "tests/unit_wrap: read from the server: Bad file descriptor (EBADF)\n", said());
}

/* ---- Each test in a process of its own */

static void run(const char *name, void (*test)(void))
{
	struct timespec bound = {.tv_sec = BOUND_SECONDS};
	sigset_t child;
	int status;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	pid_t pid = fork();
	if (pid == -1)
		perr_exit("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigprocmask(SIG_UNBLOCK, &child, NULL);
		signal(SIGPIPE, SIG_DFL);
		failed = false;
		test();
		exit(failed ? 2 : 0);
	}
	if (sigtimedwait(&child, NULL, &bound) == -1) {
		printf("FAIL %s: expected its end, saw none in %d s\n", name, BOUND_SECONDS);
		kill(pid, SIGKILL);
		sigwaitinfo(&child, NULL); /* or it would end the next test's wait */
	}
	waitpid(pid, &status, 0);
	failed = failed || status != 0;
	if (WIFSIGNALED(status))
		printf("FAIL %s: expected no signal, saw %d\n", name, WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 2)
		printf("FAIL %s: expected to come to its end, saw exit status %d\n", name,
		       WEXITSTATUS(status));
}

/* ---- The log */

static void fill_pipe(int fd)
{
	static char text[65536];

	if (write(fd, text, sizeof(text)) != sizeof(text))
		perr_exit("write");
}

static void read_at_last(void)
{
	static char text[65536];

	if (alarms == OTHERS && read(far_end, text, sizeof(text)) != sizeof(text))
		_exit(EXIT_FAILURE);
}

static void test_log(void)
{
	char text[65536 + 1];
	struct rusage before, after;
	int out[2];

	if (pipe(out) == -1)
		perr_exit("pipe");
	no_wait(out[1]);
	fill_pipe(out[1]);
	fflush(stdout);
	int standard = dup(STDOUT_FILENO);
	dup2(out[1], STDOUT_FILENO);
	start_alarms(out[0], read_at_last);
	log_line("waits\n");
	stop_alarms();
	text[Read(out[0], text, sizeof(text) - 1)] = '\0';
	bool waited = strcmp(text, "waits\n") == 0;

	fill_pipe(out[1]);
	getrusage(RUSAGE_THREAD, &before);
	for (int i = 0; i < 2000; i++)
		log_line("is lost\n");
	getrusage(RUSAGE_THREAD, &after);
	Readn(out[0], text, sizeof(text) - 1);
	log_line("comes\n");
	text[Read(out[0], text, sizeof(text) - 1)] = '\0';
	dup2(standard, STDOUT_FILENO);
	expect("a slow reader is waited for", true, waited);
	expect("one that does not read is told what it has lost", 0,
	       strcmp(text, "\n(2000 lines lost)\ncomes\n"));
	expect("and waited for 300 times at most", true,
	       after.ru_nvcsw - before.ru_nvcsw <= 300 + 50 /* other waits */);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	run("Read", test_read);
	run("Write", test_write);
	run("Writen", test_writen);
	run("Writen to a peer that is gone", test_writen_to_the_gone);
	run("Readn", test_readn);
	run("Readline", test_readline);
	run("Readline on two threads", test_readline_threads);
	run("Accept", test_accept);
	run("what ends the program", test_ends);
	run("upper", test_upper);
	run("address_text", test_address_text);
	run("printable", test_printable);
	run("echo_step", test_echo_step);
	run("echo_step with a full buffer", test_echo_full);
	run("echo_step under back-pressure", test_echo_back_pressure);
	run("echo_step and a reset", test_echo_reset);
	run("echo_end", test_echo_end);
	run("a pause of accepting", test_accept_pause);
	run("client_refuse", test_client_refuse);
	run("flow_step", test_flow);
	run("flow_end", test_flow_end);
	run("the log", test_log);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
