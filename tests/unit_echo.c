/*
 * The unit tests of serving and of the clients' copying: wrap/echo.h, wrap/client.h, wrap/flow.h.
 * Both sides of a connection are here, on AF_UNIX, where what one end writes is at the other end
 * at once: so each step can be looked at, and none has to be waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/provoke.h"
#include "wrap/client.h"
#include "wrap/flow.h"
#include "wrap/log.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/text.h"

#define STEP_BYTES (128 * 1024) /* the most that echo_step reads */

static int lfd, peer; /* the server's socket, and the client's end of the connection */

static void test_upper(void)
{
	char buf[258], want[258];

	for (int i = 0; i < 258; i++) {
		buf[i] = want[i] = (char)(i - 1);
		if (i > 0 && i < 257 && buf[i] >= 'a' && buf[i] <= 'z')
			want[i] = (char)(buf[i] - 'a' + 'A');
	}
	buf[0] = want[0] = buf[257] = want[257] = 'a';
	upper(buf + 1, 256);
	expect("upper, all bytes, and none beside them", 0, memcmp(buf, want, sizeof(buf)));
}

/* ---- Accepting */

/* These two take the library's place: time passes only when a test says so. */
static struct timespec clock_now;
static int naps;

int fake_clock(clockid_t clock, struct timespec *now) __asm__("clock_gettime");
int fake_clock(clockid_t clock, struct timespec *now)
{
	(void)clock;
	*now = clock_now;
	return 0;
}

int fake_nap(const struct timespec *time, struct timespec *rest) __asm__("nanosleep");
int fake_nap(const struct timespec *time, struct timespec *rest)
{
	(void)time;
	(void)rest;
	if (++naps == 3)
		more_descriptors();
	return 0;
}

static void test_try_accept(void)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char who[ADDRESS_TEXT];

	lfd = tcp_listen("127.0.0.1", 0);
	set_nonblocking(lfd);
	expect("no client yet", true, try_accept(lfd) == NULL && errno == EAGAIN);
	getsockname(lfd, (struct sockaddr *)&sa, &len);
	peer = tcp_connect("127.0.0.1", ntohs(((struct sockaddr_in *)&sa)->sin_port), 0);
	getsockname(peer, (struct sockaddr *)&sa, &len);
	poll(&(struct pollfd){.fd = lfd, .events = POLLIN}, 1, -1);
	struct client *c = try_accept(lfd);
	expect_text("its address", address_text((struct sockaddr *)&sa, len, who), c->who);
	expect("nothing is pending", true, c->pending == NULL && c->bytes == 0);
	free(c);
}

static void stop(void)
{
	raise(SIGTERM);
}

static void test_accept_client(void)
{
	lfd = listen_unix();
	connect_unix();
	no_more_descriptors();
	struct client *c = accept_client(lfd);
	expect_text("a client that has to wait for a descriptor", "(unnamed)", c->who);
	expect("how often", 3, naps);
	expect_text("that is reported once", "tests/unit_echo: accept: (EMFILE)\n", said());
	free(c);
	shutdown(lfd, SHUT_RD);
	expect_end("a socket that others have shut down", 1, "tests/unit_echo: accept: (EINVAL)\n",
		   accept_client(lfd));
	lfd = listen_unix();
	server_ready(lfd);
	start_alarms(stop);
	expect("a stop while accept_client waits", true, accept_client(lfd) == NULL);
	expect("a stop before that", true, accept_client(lfd) == NULL);
	expect_text("neither is reported", "", said());
}

/* A client that the event loop's server has accepted; peer is its other end. */
static struct client *a_client(void)
{
	lfd = listen_unix();
	set_nonblocking(lfd);
	peer = connect_unix();
	return client_accept(lfd);
}

static void expect_connections(long long accepted, long long refused)
{
	expect("counted as accepted", accepted, (long long)log_counts->connections);
	expect("counted as refused", refused, (long long)log_counts->refused);
}

static void test_client_accept(void)
{
	char byte;

	expect("a client", true, a_client() != NULL);
	expect("no second one", true, client_accept(lfd) == NULL);
	expect_text("that is no failure", "", said());

	int second = connect_unix(), third = connect_unix();
	no_more_descriptors();
	expect("no descriptor for the second", true, client_accept(lfd) == NULL);
	expect("it is closed at once", 0, recv(second, &byte, 1, MSG_DONTWAIT));
	expect_text("that is reported", "tests/unit_echo: accept: (EMFILE)\n", said());
	expect("the loop does not wait", 0, naps);
	expect("none for the third", true, client_accept(lfd) == NULL);
	expect("it is closed at once", 0, recv(third, &byte, 1, MSG_DONTWAIT));
	expect_text("reported only once", "", said());
	clock_now.tv_sec++;
	connect_unix();
	client_accept(lfd);
	expect_text("but again after a second", "tests/unit_echo: accept: (EMFILE)\n", said());
	expect_connections(1, 0);

	more_descriptors();
	connect_unix();
	expect("the next one is accepted", true, client_accept(lfd) != NULL);
	expect_connections(2, 0);
	close_clients();
}

static void test_no_reserve(void)
{
	char byte;

	lfd = listen_unix();
	peer = connect_unix();
	no_more_descriptors();
	expect("not even a reserve", true, client_accept(lfd) == NULL);
	expect("the loop does not spin", 1, naps);
	expect_text("that is reported", "tests/unit_echo: accept: (EMFILE)\n", said());
	expect_error("the client waits", EAGAIN, recv(peer, &byte, 1, MSG_DONTWAIT));
	more_descriptors();
	expect("and is accepted later", true, client_accept(lfd) != NULL);
	close_clients();
}

static void test_client_refuse(void)
{
	struct client *c = a_client();
	int fd = c->fd;
	char byte;

	client_refuse(c);
	expect("a client that is refused sees the end", 0, recv(peer, &byte, 1, MSG_DONTWAIT));
	expect_error("its descriptor is closed", EBADF, fcntl(fd, F_GETFD));
	expect_connections(1, 1); /* the closing line takes one from the other */
	close_clients();
}

/* ---- One step of the echo */

static int unread(int fd)
{
	int n = -1;

	ioctl(fd, FIONREAD, &n);
	return n;
}

static void test_echo_step(void)
{
	struct client *c = a_client();
	int fd = c->fd;
	char buf[8] = "";

	expect("a step with nothing to do", NO_CHANGE, echo_step(fd));
	put(peer, "one\ntwo");
	expect("a step that the client accepts", NO_CHANGE, echo_step(fd));
	expect("its echo", 7, recv(peer, buf, sizeof(buf), MSG_DONTWAIT));
	expect_text("its echo", "ONE\nTWO", buf);
	expect("bytes of the client", 7, (long long)c->bytes);
	shutdown(peer, SHUT_WR);
	expect("a step at the end of input", GONE, echo_step(fd));
	expect_error("the descriptor is closed", EBADF, fcntl(fd, F_GETFD));
	expect("so that the client sees it", 0, recv(peer, buf, sizeof(buf), MSG_DONTWAIT));
}

static void big_buffer(int fd)
{
	int bytes = 8 * STEP_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

/* An edge-triggered loop must ask again when more may have come. */
static void test_full_buffer(void)
{
	static char data[STEP_BYTES + 1];
	int fd = a_client()->fd;

	big_buffer(peer);
	big_buffer(fd);
	expect("a byte more than a step reads", STEP_BYTES + 1, write(peer, data, STEP_BYTES + 1));
	expect("a step that fills its buffer", WAIT_READ, echo_step(fd));
	expect("has left a byte", 1, unread(fd));
	expect("the next step", NO_CHANGE, echo_step(fd));
	expect("both steps' echo", STEP_BYTES + 1, unread(peer));
	close_clients();
}

/* The client on C, of which N bytes come at once and which accepts less. */
static void send_much(struct client *c, const char *data, size_t n)
{
	small_buffer(c->fd);
	expect("what it sends at once", (long long)n, write(peer, data, n));
	expect("it does not accept all of the echo", WAIT_WRITE, echo_step(c->fd));
	expect("what is pending", (long long)n, c->npending + unread(peer));
}

static void test_back_pressure(void)
{
	static char data[100003], buf[sizeof(data)];
	struct client *c = a_client();
	size_t n = sizeof(data), back = 0;
	int fd = c->fd, next = WAIT_WRITE;

	for (size_t i = 0; i < n; i++)
		data[i] = (char)(i % 251); /* shows what is lost, doubled or out of order */
	send_much(c, data, n - 3);
	put(peer, "end");
	expect("a step that still cannot write", WAIT_WRITE, echo_step(fd));
	expect("reads nothing", 3, unread(fd));
	shutdown(peer, SHUT_WR);
	while (next == WAIT_WRITE) {
		ssize_t some = recv(peer, buf + back, n - back, MSG_DONTWAIT);
		back += some > 0 ? (size_t)some : 0;
		next = echo_step(fd);
	}
	expect("reading goes on when the client has accepted all", WAIT_READ, next);
	expect("nothing is kept then", true, c->pending == NULL);
	expect("what came meanwhile", NO_CHANGE, echo_step(fd));
	expect("then the end", GONE, echo_step(fd));
	expect("all comes back", (long long)(n - back), recv(peer, buf + back, n - back, 0));
	memcpy(data + n - 3, "end", 3);
	upper(data, n);
	expect("in order", 0, memcmp(data, buf, n));
	expect("and nothing else", 0, recv(peer, buf, 1, 0));
}

/* A client that goes with its echo unread resets the connection. */
static void test_reset(void)
{
	static char data[100000];
	struct client *c = a_client();
	int fd = c->fd;

	put(peer, "abc");
	echo_step(fd);
	close(peer);
	expect("a reset", GONE, echo_step(fd));
	expect_error("the descriptor is closed", EBADF, fcntl(fd, F_GETFD));

	c = a_client();
	fd = c->fd;
	expect("the next client's bytes", 0, (long long)c->bytes);
	send_much(c, data, sizeof(data));
	close(peer);
	expect("a reset while bytes are pending", GONE, echo_step(fd)); /* freed: SAN=address */
	expect_error("the descriptor is closed", EBADF, fcntl(fd, F_GETFD));

	c = a_client();
	fd = c->fd;
	send_much(c, data, sizeof(data));
	close_clients(); /* here too */
	expect_error("a client at the server's end is closed", EBADF, fcntl(fd, F_GETFD));
	close_clients(); /* closes none twice: Close would end the program */
}

/* ---- The clients' flow */

static struct flow *a_flow(int from, int to)
{
	static struct flow flows[4], *next = flows;
	struct flow *f = next++;

	f->from = from;
	f->to = to;
	return f;
}

static void test_flow_step(void)
{
	int in[2], out[2];
	char buf[8] = "";

	pair(in);
	pair(out);
	struct flow *f = a_flow(in[0], out[0]);
	put(in[1], "abc");
	expect("a step that reads", true, flow_step(f));
	expect("how much it has read", 3, (long long)f->rest);
	expect("a step that writes", true, flow_step(f));
	expect("how much it has written", 3, (long long)f->bytes);
	expect("what arrives", 3, read(out[1], buf, sizeof(buf)));
	expect_text("what arrives", "abc", buf);

	set_nonblocking(in[0]); /* as another program may do to stdin */
	set_nonblocking(out[0]);
	expect("a step with nothing to read", true, flow_step(f));
	expect("has read nothing", 0, (long long)f->rest);
	while (write(out[0], buf, 1) == 1)
		;
	put(in[1], "def");
	flow_step(f);
	expect("a step with no room to write", true, flow_step(f));
	expect("has written nothing", 3, (long long)f->rest);
	while (recv(out[1], buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	expect("a step with room again", true, flow_step(f));
	expect("how much it has written in all", 6, (long long)f->bytes);
	close(in[1]);
	expect("a step at the end", false, flow_step(f));
	expect("which is no error", 0, f->err);
	f = a_flow(-1, out[0]);
	expect("a step that fails", false, flow_step(f));
	expect("keeps why", EBADF, f->err);
}

/* No write to stdout is larger than what surely fits when poll says that there is room. */
static void test_flow_to_stdout(void)
{
	static char data[2 * PIPE_BUF + 3], seen[sizeof(data) + 1];
	int in[2], out[2], standard = dup(STDOUT_FILENO);
	size_t n = sizeof(data);

	for (size_t i = 0; i < n; i++)
		data[i] = (char)(i % 251);
	pair(in);
	if (pipe(out) == -1 || write(in[1], data, n - 3) == -1)
		exit(EXIT_FAILURE);
	struct flow *f = a_flow(in[0], STDOUT_FILENO);
	dup2(out[1], STDOUT_FILENO);
	flow_step(f);
	flow_step(f);
	long long first = (long long)f->bytes;
	flow_step(f);
	if (write(in[1], data + n - 3, 3) == 3)
		flow_step(f);
	flow_step(f);
	dup2(standard, STDOUT_FILENO);
	expect("the first write to stdout", PIPE_BUF, first);
	expect("what three writes write", (long long)n, read(out[0], seen, sizeof(seen)));
	expect("in order", 0, memcmp(data, seen, n));
}

/* How two flows came to their end, and what flow_status makes of it. */
struct ending {
	int up_err, up_rest, down_err, down_rest;
	bool all_read;
	int sent, received;
	const char *want; /* behind the program's name; NULL: success */
};

static const struct ending endings[] = {
    {0, 0, 0, 0, true, 7, 7, NULL},
    {0, 0, 0, 0, true, 7, 6, "the server closed early: 7 bytes sent, 6 came back"},
    {0, 0, 0, 0, true, 7, 8, "the server sent too much: 7 bytes sent, 8 came back"},
    {0, 0, 0, 0, false, 7, 7,
     "the server closed before the input ended: 7 bytes sent, 7 came back"},
    {EIO, 0, 0, 0, true, 7, 7, "read stdin: (EIO)"},
    {EPIPE, 3, 0, 0, true, 7, 7, "write to the server: (EPIPE)"},
    {EPIPE, 3, ECONNRESET, 0, true, 7, 7, "write to the server: (EPIPE)"},
    {0, 0, ECONNRESET, 0, true, 7, 7, "read from the server: (ECONNRESET)"},
    {0, 0, ENOSPC, 3, true, 7, 7, "write stdout: (ENOSPC)"},
};

static void test_flow_end(void)
{
	struct flow *up = a_flow(0, 0), *down = a_flow(0, 0);
	char want[128];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const struct ending *e = &endings[i];
		up->err = e->up_err;
		up->rest = (size_t)e->up_rest;
		up->ended = e->all_read;
		up->bytes = (unsigned)e->sent;
		down->err = e->down_err;
		down->rest = (size_t)e->down_rest;
		down->bytes = (unsigned)e->received;
		expect("flow_status", e->want == NULL ? 0 : 1, flow_status(up, down));
		snprintf(want, sizeof(want), "tests/unit_echo: %s\n", e->want);
		expect_text("what it reports", e->want == NULL ? "" : want, said());
	}
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-q]"); /* among other things, SIGPIPE is ignored */
	opt.quiet = true;
	run("upper", test_upper);
	run("try_accept", test_try_accept);
	run("accept_client", test_accept_client);
	run("client_accept", test_client_accept);
	run("client_accept without a reserve", test_no_reserve);
	run("client_refuse", test_client_refuse);
	run("echo_step", test_echo_step);
	run("echo_step, its buffer filled", test_full_buffer);
	run("echo_step, a client that does not read", test_back_pressure);
	run("echo_step, a reset", test_reset);
	run("flow_step", test_flow_step);
	run("flow_step to stdout", test_flow_to_stdout);
	run("flow_status", test_flow_end);
	return checked();
}
