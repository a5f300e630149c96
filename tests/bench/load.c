/*
 * The load generator: starts a server, loads it from one thread on epoll, compares every byte that
 * comes back with what must come, and prints what it measured as one line of JSON. Whatever the
 * server does wrong, silence included, ends it with one line on stderr and exit status 1.
 * Try: tests/bench/load -c 64 -b 64 ping epoll/lt_server -q 0
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/histogram.h"
#include "tests/bench/subject.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

#define BATCH 1000	  /* connections opened at once: less than a backlog */
#define PER_ADDRESS 10000 /* connections from one source address: its ports must not run out */
#define IDLE_PINGS 1000	  /* answers timed beside idle connections */
#define CHUNK 131072	  /* bytes sent or read in one call */
#define PERIOD 65521	  /* of the pattern; a prime: a lost 4 KiB or 64 KiB is no full turn */
#define GONE (EPOLLRDHUP | EPOLLHUP | EPOLLERR)

static const char usage_text[] =
    "usage: load [-n] [-c CONNECTIONS] [-b BYTES] [-s SECONDS] [-t SECONDS] LOAD SERVER [ARG...]\n"
    "  -c CONNECTIONS  how many at once (1)\n"
    "  -b BYTES        in a message (64)\n"
    "  -s SECONDS      to measure, after a tenth of it to warm up (1)\n"
    "  -t SECONDS      without any answer are a failure (5)\n"
    "  -n              the server does not count: don't compare its closing line\n"
    "  LOAD            ping: every connection sends a message, awaits its echo, sends the next\n"
    "                  bulk: every connection sends without waiting; counts megabytes\n"
    "                  churn: connect, one message, reset; counts connections\n"
    "                  idle: one message at a time, on any of the connections; 1000 messages\n"
    "  SERVER ARG...   the command that starts it, with -q\n";

static struct connection {
	int fd;
	uint64_t sent, got; /* bytes */
	uint64_t due;	    /* to be sent by now */
	uint64_t start;	    /* where in the pattern its bytes begin */
	uint64_t since;	    /* when its message set out, in ns */
} * connections;

static enum { PING, BULK, CHURN, IDLE } load;
static unsigned nconnections = 1;
static size_t size = 64;
static double seconds = 1, patience = 5;
static bool counts = true;

static struct subject server;
static int epfd;
static char pattern[PERIOD + CHUNK], answer[PERIOD + CHUNK];
static bool running;	     /* an answer is followed by the next message */
static unsigned outstanding; /* connections whose answer has not yet come whole */
static uint64_t all_connections, all_bytes;
static struct histogram latency;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* All 256 values in an order without a pattern: a byte that is lost or moved is seen at once. */
static void make_pattern(void)
{
	uint32_t random = 1;

	for (size_t i = 0; i < sizeof(pattern); i++) {
		random = random * 1664525 + 1013904223;
		pattern[i] = i < PERIOD ? (char)(random >> 24) : pattern[i - PERIOD];
		answer[i] =
		    pattern[i] >= 'a' && pattern[i] <= 'z' ? (char)(pattern[i] - 32) : pattern[i];
	}
}

/* Compares the next N bytes of C's echo, at most CHUNK. */
static void check(struct connection *c, const char *buf, size_t n)
{
	const char *want = answer + (c->start + c->got) % PERIOD;
	size_t owed = (size_t)(c->sent - c->got), i = 0;

	if (memcmp(buf, want, n < owed ? n : owed) != 0) {
		while (buf[i] == want[i])
			i++;
		fail("connection %u: byte %llu is 0x%02x, not 0x%02x", (unsigned)(c - connections),
		     (unsigned long long)(c->got + i), (unsigned char)buf[i],
		     (unsigned char)want[i]);
	}
	if (n > owed)
		fail("connection %u: %zu bytes more than were sent", (unsigned)(c - connections),
		     n - owed);
	c->got += n;
	all_bytes += n;
}

static void fail_errno(const struct connection *c, const char *what)
{
	fail("connection %u: %s: %s", (unsigned)(c - connections), what, strerror(errno));
}

/*
 * Connects C. A reset at its close leaves no TIME_WAIT behind, so that ports don't run out; many
 * connections at once need more than one source address.
 */
static void open_connection(struct connection *c)
{
	unsigned address = (unsigned)(c - connections) / PER_ADDRESS;
	struct linger reset = {.l_onoff = 1};
	struct timeval limit = {.tv_sec = (time_t)patience + 1};
	struct sockaddr_in from = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK + address)};
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				    .data.ptr = c};
	bool tcp = server.addr.ss_family == AF_INET;
	int on = 1;

	*c = (struct connection){.fd = Socket(server.addr.ss_family, SOCK_STREAM, 0)};
	c->since = now_ns();
	c->start = all_connections++ * 7919 % PERIOD; /* so that mixed-up connections show */
	/* SO_SNDTIMEO bounds connect, too; all else here does not block anyway. */
	if (setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == -1 ||
	    (tcp && setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == -1) ||
	    (tcp && setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1))
		fail_errno(c, "setsockopt");
	if (tcp && address > 0 &&
	    (setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) == -1 ||
	     bind(c->fd, (struct sockaddr *)&from, sizeof(from)) == -1))
		fail_errno(c, "bind");
	if (connect(c->fd, (struct sockaddr *)&server.addr, server.addr_len) == -1)
		fail_errno(c, "connect");
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &event) == -1)
		fail_errno(c, "epoll_ctl");
}

/* Sends what is due, as far as the socket takes it; EPOLLOUT tells when it takes more. */
static void send_due(struct connection *c)
{
	while (c->sent < c->due) {
		size_t n = c->due - c->sent < CHUNK ? (size_t)(c->due - c->sent) : CHUNK;
		ssize_t sent = send(c->fd, pattern + (c->start + c->sent) % PERIOD, n,
				    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent == -1 && errno == EAGAIN)
			return;
		if (sent == -1)
			fail_errno(c, "send");
		c->sent += (uint64_t)sent;
	}
}

static void send_message(struct connection *c)
{
	c->due += size;
	outstanding++;
	send_due(c);
}

/* What comes after the answer on C. */
static void next(struct connection *c)
{
	switch (load) {
	case CHURN:
		close(c->fd);
		open_connection(c);
		send_message(c);
		break;
	case IDLE:
		c = &connections[(unsigned)random() % nconnections];
		/* fall through */
	case PING:
		c->since = now_ns();
		send_message(c);
		break;
	case BULK:
		c->due = UINT64_MAX; /* for ever, until stop_bulk */
		outstanding++;
		send_due(c);
		break;
	}
}

/* From now on no connection sends more than it has. */
static void stop_bulk(void)
{
	for (struct connection *c = connections; c < connections + nconnections; c++) {
		c->due = c->sent;
		if (c->got == c->due)
			outstanding--;
	}
}

/* C is ready: reads and compares all that is there, and sends. */
static void step(struct connection *c, uint32_t events)
{
	static char buf[CHUNK];
	uint64_t before = c->got;
	ssize_t n;

	do {
		n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			check(c, buf, (size_t)n);
	} while (n == sizeof(buf) || (n > 0 && (events & GONE) != 0));
	if (n == -1 && errno != EAGAIN)
		fail_errno(c, "read");
	if (n == 0)
		fail("connection %u: the server closed it, %llu bytes are owed",
		     (unsigned)(c - connections), (unsigned long long)(c->sent - c->got));
	if (c->got > before && c->got == c->due) {
		outstanding--;
		if (load != BULK) /* its bytes are in the queue longer than on the way */
			histogram_add(&latency, now_ns() - c->since);
		if (running)
			next(c);
	} else {
		send_due(c);
	}
}

/* Waits for connections that are ready and serves them. */
static void turn(void)
{
	struct epoll_event ready[256];
	int nready = epoll_wait(epfd, ready, 256, (int)(patience * 1000));

	if (nready == -1 && errno != EINTR) /* ^Z and fg */
		perr_exit("epoll_wait");
	if (nready == 0)
		fail("no answer for %g s; %u connections wait", patience, outstanding);
	for (int i = 0; i < nready; i++)
		step(ready[i].data.ptr, ready[i].events);
}

static void await_answers(void)
{
	while (outstanding > 0)
		turn();
}

/*
 * Loads the server for TIME seconds or MOST messages and until all answers have come: as many as
 * were sent in the time that it took. Returns that time, in seconds.
 */
static double run_for(double time, uint64_t most)
{
	uint64_t start = now_ns(), end = start + (uint64_t)(time * 1e9);

	latency = (struct histogram){.count = 0};
	running = true;
	for (unsigned i = 0; i < (load == IDLE ? 1 : nconnections); i++)
		next(&connections[i]);
	while (now_ns() < end && latency.count < most)
		turn();
	running = false;
	if (load == BULK)
		stop_bulk();
	await_answers();
	return (double)(now_ns() - start) / 1e9;
}

/* Every connection is open and has been answered once: so the server has really taken them all. */
static void open_all(void)
{
	if ((connections = calloc(nconnections, sizeof(*connections))) == NULL)
		perr_exit("calloc");
	if ((epfd = epoll_create1(EPOLL_CLOEXEC)) == -1)
		perr_exit("epoll_create1");
	for (unsigned i = 0; i < nconnections; i++) {
		open_connection(&connections[i]);
		send_message(&connections[i]);
		if (i % BATCH == BATCH - 1)
			await_answers();
	}
	await_answers();
}

/* Prints what it measured only when all of it, the server's end too, was right. */
static void measure(void)
{
	uint64_t most = load == IDLE ? IDLE_PINGS : UINT64_MAX;
	uint64_t before = subject_usage(&server, true).dirty;

	open_all();
	uint64_t after = subject_usage(&server, true).dirty;
	run_for(seconds / 10, most / 10); /* to warm up */

	uint64_t bytes = all_bytes;
	double cpu = subject_usage(&server, false).cpu_seconds;
	double elapsed = run_for(seconds, most);
	struct usage used = subject_usage(&server, false);
	double count = load == BULK ? (double)(all_bytes - bytes) / 1e6 : (double)latency.count;

	subject_stop(&server, patience, counts, all_connections, all_bytes);
	printf("{\"load\": \"%s\", \"connections\": %u, \"bytes\": %zu, \"seconds\": %.3f, "
	       "\"per_second\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
	       "\"server_cpu_us\": %.3f, \"memory_per_connection\": %.0f, "
	       "\"processes\": %d, \"threads\": %d, "
	       "\"all_connections\": %llu, \"all_bytes\": %llu}\n",
	       (const char *[]){"ping", "bulk", "churn", "idle"}[load], nconnections, size, elapsed,
	       count / elapsed, (double)histogram_percentile(&latency, 50) / 1e3,
	       (double)histogram_percentile(&latency, 99) / 1e3,
	       count > 0 ? (used.cpu_seconds - cpu) * 1e6 / count : 0,
	       after > before ? (double)(after - before) / nconnections : 0, used.processes,
	       used.threads, (unsigned long long)all_connections, (unsigned long long)all_bytes);
}

static void usage_error(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

static double number(const char *text, double min, double max)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= min && value <= max))
		usage_error();
	return value;
}

/* Returns the server's command line. */
static char **parse(int argc, char *argv[])
{
	static const char *const loads[] = {"ping", "bulk", "churn", "idle"};
	int c;

	while ((c = getopt(argc, argv, "+hnc:b:s:t:")) != -1) { /* +: the server's are its own */
		switch (c) {
		case 'h': fputs(usage_text, stdout); exit(EXIT_SUCCESS);
		case 'n': counts = false; break;
		case 'c': nconnections = (unsigned)number(optarg, 1, 1e6); break;
		case 'b': size = (size_t)number(optarg, 1, 1e9); break;
		case 's': seconds = number(optarg, 0.001, 1e6); break;
		case 't': patience = number(optarg, 0.001, 1e6); break;
		default: usage_error();
		}
	}
	if (argc - optind < 2)
		usage_error();
	for (unsigned i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		if (strcmp(argv[optind], loads[i]) == 0) {
			load = i;
			return argv + optind + 1;
		}
	}
	usage_error();
	return NULL;
}

int main(int argc, char *argv[])
{
	char **command = parse(argc, argv);

	subject_start(&server, command, patience);
	raise_descriptor_limit();
	make_pattern();
	measure();
	return EXIT_SUCCESS;
}
