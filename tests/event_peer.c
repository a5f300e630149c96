/*
 * What the tests of event loops need besides tests/peer.c. ADDR is what a server prints that it
 * listens on, PID the server's number.
 *
 *   queued ADDR PID TEXT    TEXT and the end wait together when the server looks; print the echo
 *   urgent ADDR PID TEXT    the same, with an urgent byte for each '!'; print the echo
 *   keep ADDR TEXT          as urgent, without an end: print the echo, keep it to stdin's end
 *   together ADDR PID N     N clients' lines wait together; all must be answered
 *   awake ADDR PID N        5 N clients connect and N others send, while the server is stopped;
 *                           afterwards each of the 5 N must be answered
 *   refused ADDR N          N clients, of which some may be closed; print how many, keep the others
 *   fill ADDR N             N clients, a line each; print "there"; at SIGUSR1 each sends until the
 *                           server takes no more, without reading; print "full" and stay
 *   slow ADDR N             send N bytes and the end, take what comes back at 1 MB/s; all must come
 *   late ADDR N             the same, but take it when the server has stopped sending
 *   answer ADDR N           print the median microseconds until a line comes back, of N
 */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "tests/talk.h"

#define LINE "line\n" /* five bytes: what epoll/trigger_server reads at once */
#define LINE_BYTES (sizeof(LINE) - 1)

static void line(int fd)
{
	say(fd, LINE, LINE_BYTES);
	hear(fd, LINE, LINE_BYTES);
}

static void hold_back(int pid)
{
	char state = '?';
	int parent;

	if (kill(pid, SIGSTOP) == -1)
		die_errno("kill");
	while (process_state(pid, &state, &parent) && state != 'T')
		nap_ms(1);
}

/* Prints what comes back until the end, N bytes at most. */
static void print_echo(int fd, size_t n)
{
	char buf[4096];

	n = hear_some(fd, buf, n < sizeof(buf) ? n : sizeof(buf));
	put_line("%.*s", (int)n, buf);
}

/* Sends TEXT, and with URGENT each '!' out of band; returns how many bytes were not. */
static size_t say_text(int fd, const char *text, bool urgent)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (urgent && *text == '!') {
			if (send(fd, text, 1, MSG_OOB) != 1)
				die_errno("send MSG_OOB");
			continue;
		}
		say(fd, text, 1);
		n++;
	}
	return n;
}

static void wait_together(char *args[], bool urgent)
{
	int pid = number(args[1]);

	for (int known = 0; known < 2; known++) { /* a new client, and one in the set already */
		int fd = -1;
		if (known)
			line(fd = dial(args[0]));
		hold_back(pid);
		if (!known)
			fd = dial(args[0]);
		say_text(fd, args[2], urgent);
		shutdown(fd, SHUT_WR);
		kill(pid, SIGCONT);
		print_echo(fd, SIZE_MAX);
		close(fd);
	}
}

static void queued(char *args[])
{
	wait_together(args, false);
}

static void urgent(char *args[])
{
	wait_together(args, true);
}

static void keep(char *args[])
{
	int fd = dial(args[0]);

	print_echo(fd, say_text(fd, args[1], true));
	until_stdin_ends();
}

static void awake(char *args[])
{
	int pid = number(args[1]), n = number(args[2]);
	int *busy = allocate((size_t)n * sizeof(*busy)),
	    *idle = allocate((size_t)n * 5 * sizeof(*idle));

	for (int i = 0; i < n; i++)
		line(busy[i] = dial(args[0]));
	hold_back(pid);
	for (int i = 0; i < 5 * n; i++)
		idle[i] = dial(args[0]);
	for (int i = 0; i < n; i++)
		say(busy[i], LINE, LINE_BYTES);
	kill(pid, SIGCONT);
	for (int i = 0; i < n; i++)
		hear(busy[i], LINE, LINE_BYTES);
	for (int i = 0; i < 5 * n; i++)
		line(idle[5 * n - 1 - i]);
	free(busy);
	free(idle);
}

static void together(char *args[])
{
	int pid = number(args[1]), n = number(args[2]);
	int *fds = allocate((size_t)n * sizeof(*fds));

	for (int i = 0; i < n; i++)
		line(fds[i] = dial(args[0]));
	hold_back(pid);
	for (int i = 0; i < n; i++) {
		say(fds[i], LINE, LINE_BYTES);
		if (i % 3 == 0) /* some have their end queued with it */
			shutdown(fds[i], SHUT_WR);
	}
	kill(pid, SIGCONT);
	for (int i = 0; i < n; i++)
		hear(fds[i], LINE, LINE_BYTES);
	free(fds);
}

static void refused(char *args[])
{
	char c;
	int closed = 0;

	allow_descriptors();
	for (int i = 0; i < number(args[1]); i++) {
		int fd = dial(args[0]);
		ssize_t n = -1;
		if (send(fd, LINE, LINE_BYTES, MSG_NOSIGNAL) != -1)
			n = recv(fd, &c, 1, MSG_PEEK);
		if (n == -1 && errno != ECONNRESET && errno != EPIPE)
			die_errno("a client that is neither answered nor closed");
		if (n == 1) {
			hear(fd, LINE, LINE_BYTES);
			continue;
		}
		close(fd);
		closed++;
	}
	put_line("%d refused", closed);
	until_stdin_ends();
}

/* A client with so little room for what comes back that the server's own room stays small too. */
static int dial_narrow(const char *addr)
{
	struct sockaddr_storage sa;
	socklen_t len = parse(addr, &sa);
	int fd = socket(sa.ss_family, SOCK_STREAM, 0);
	int least = 1;		 /* the kernel makes more of it */
	int enough = 128 * 1024; /* for a server's largest read */
	int segment = 1460;	 /* otherwise the kernel keeps room for ten of lo's 64 KiB */

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &enough, sizeof(enough)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)) == -1 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment)) == -1 ||
	    connect(fd, (struct sockaddr *)&sa, len) == -1)
		die_errno("connect");
	return fd;
}

static void fill(char *args[])
{
	static char block[4096];
	int n = number(args[1]);
	struct pollfd *clients = allocate((size_t)n * sizeof(*clients));

	hold_signal();
	for (int i = 0; i < n; i++) {
		clients[i] = (struct pollfd){.fd = dial_narrow(args[0]), .events = POLLOUT};
		line(clients[i].fd);
	}
	put_line("there");
	await_signal();
	while (poll(clients, (nfds_t)n, 200) > 0)
		for (int i = 0; i < n; i++)
			if (clients[i].revents != 0 &&
			    send(clients[i].fd, block, sizeof(block),
				 MSG_DONTWAIT | MSG_NOSIGNAL) == -1 &&
			    errno != EAGAIN)
				die_errno("send");
	put_line("full");
	pause();
}

/* Sends N bytes and the end; takes what comes back at 1 MB/s, or, LATE, once no more comes. */
static void take(char *args[], bool late)
{
	static char buf[20000];
	size_t n = (size_t)number(args[1]), got = 0, some;
	int fd = late ? dial_narrow(args[0]) : dial(args[0]), before = -1, waiting = 0;

	if (new_process() == 0) {
		for (size_t sent = 0; sent < n; sent += some)
			say(fd, buf, some = n - sent < sizeof(buf) ? n - sent : sizeof(buf));
		shutdown(fd, SHUT_WR);
		_exit(0);
	}
	for (int still = 0; late && still < 10; still = waiting == before ? still + 1 : 0) {
		before = waiting;
		nap_ms(100);
		if (ioctl(fd, SIOCINQ, &waiting) == -1)
			die_errno("SIOCINQ");
	}
	while ((some = hear_some(fd, buf, sizeof(buf))) > 0) {
		got += some;
		if (!late)
			nap_ms(20);
	}
	if (got != n)
		die("%zu of %zu bytes came back", got, n);
}

static void slow(char *args[])
{
	take(args, false);
}

static void late(char *args[])
{
	take(args, true);
}

static int by_size(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static void answer(char *args[])
{
	size_t n = (size_t)number(args[1]);
	long *us = allocate(n * sizeof(*us));
	int fd = dial(args[0]);
	struct timespec a, b;

	for (size_t i = 0; i < n; i++) {
		clock_gettime(CLOCK_MONOTONIC, &a);
		line(fd);
		clock_gettime(CLOCK_MONOTONIC, &b);
		us[i] = (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000;
	}
	qsort(us, n, sizeof(*us), by_size);
	put_line("%ld", us[n / 2]);
	free(us);
}

int main(int argc, char *argv[])
{
	static const struct word words[] = {
	    {"queued", 3, queued},     {"urgent", 3, urgent}, {"keep", 2, keep},
	    {"together", 3, together}, {"awake", 3, awake},   {"refused", 2, refused},
	    {"fill", 2, fill},	       {"slow", 2, slow},     {"late", 2, late},
	    {"answer", 2, answer},
	};

	(void)argc;
	return run_word(words, sizeof(words) / sizeof(words[0]), argv);
}
