/*
 * What the tests of event loops need besides tests/peer.c. ADDR is what a server says it listens
 * on, PID the server.
 *
 *   queued ADDR PID TEXT    TEXT and the end wait together when the server looks; print the echo
 *   urgent ADDR PID TEXT    the same, with an urgent byte ahead of each '!'; print the echo
 *   keep ADDR TEXT          as urgent, without an end: print the echo, keep it to stdin's end
 *   together ADDR PID N     N clients' lines wait together; all must be answered
 *   refused ADDR N          N clients, of which some may be closed; print how many, keep the others
 *   again ADDR N            N clients, a line each; say "there"; at stdin's end 3,000 bytes each
 *   slow ADDR N             send N bytes and the end, take what comes back at 1 MB/s; all must come
 *   answer ADDR N           print the median microseconds until a line comes back, of N
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

#define BOUND_SECONDS 30
#define LINE "line\n" /* five bytes: what epoll/trigger_server reads at once */

static void die(const char *what)
{
	errno = 0;
	perr_exit(what);
}

static int dial(const char *addr)
{
	struct timeval bound = {.tv_sec = BOUND_SECONDS};
	const char *colon = strrchr(addr, ':');

	if (colon == NULL)
		die("not an address of TCP");
	int fd = tcp_connect("127.0.0.1", (uint16_t)strtol(colon + 1, NULL, 10));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound));
	return fd;
}

static void say(int fd, const char *text, size_t n)
{
	if (Writen(fd, text, n) == -1)
		perr_exit("send");
}

/* What comes back must be LINE, upper-cased; false when the server closed instead. */
static bool answered(int fd)
{
	char want[] = LINE, got[sizeof(LINE)] = "";
	ssize_t n = Readn(fd, got, sizeof(LINE) - 1);

	if (n == 0 || (n == -1 && errno == ECONNRESET))
		return false;
	if (n == -1)
		perr_exit("receive");
	upper(want, sizeof(want));
	if (strcmp(want, got) != 0)
		die("not the echo");
	return true;
}

static char state_of(int pid)
{
	char path[64], text[512] = "", state = '?';

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *f = fopen(path, "r");
	if (f == NULL || fgets(text, sizeof(text), f) == NULL)
		perr_exit(path);
	fclose(f);
	sscanf(strrchr(text, ')') + 1, " %c", &state);
	return state;
}

static void hold_back(int pid)
{
	if (kill(pid, SIGSTOP) == -1)
		perr_exit("kill");
	while (state_of(pid) != 'T')
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Prints N bytes that come back, or with 0 all until the end. */
static void print_echo(int fd, size_t rest)
{
	char buf[4096];
	bool all = rest == 0;
	ssize_t n = 1;

	while ((all || rest > 0) && n > 0) {
		n = Read(fd, buf, all || rest > sizeof(buf) ? sizeof(buf) : rest);
		if (n == -1)
			perr_exit("receive");
		rest -= all ? 0 : (size_t)n;
		printf("%.*s", (int)n, buf);
	}
	printf("\n");
	fflush(stdout);
}

/* Sends TEXT, and with URGENT each '!' out of band; returns how many bytes were not. */
static size_t say_text(int fd, const char *text, bool urgent)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (urgent && *text == '!') {
			if (send(fd, text, 1, MSG_OOB) != 1)
				perr_exit("send MSG_OOB");
			continue;
		}
		say(fd, text, 1);
		n++;
	}
	return n;
}

static void queued(const char *addr, int pid, const char *text, bool urgent)
{
	for (int known = 0; known < 2; known++) { /* a new client, and one in the set already */
		int fd = -1;
		if (known) {
			fd = dial(addr);
			say(fd, LINE, sizeof(LINE) - 1);
			if (!answered(fd))
				die("closed");
		}
		hold_back(pid);
		if (!known)
			fd = dial(addr);
		say_text(fd, text, urgent);
		shutdown(fd, SHUT_WR);
		kill(pid, SIGCONT);
		print_echo(fd, 0);
		close(fd);
	}
}

static void until_stdin_ends(void)
{
	char c;

	while (Read(STDIN_FILENO, &c, 1) > 0)
		;
}

/* N clients that were answered a line. */
static int *served(const char *addr, int n)
{
	int *fds = calloc((size_t)n, sizeof(*fds));

	if (fds == NULL)
		perr_exit("calloc");
	for (int i = 0; i < n; i++) {
		fds[i] = dial(addr);
		say(fds[i], LINE, sizeof(LINE) - 1);
		if (!answered(fds[i]))
			die("closed");
	}
	return fds;
}

static void together(const char *addr, int pid, int n)
{
	int *fds = served(addr, n);

	hold_back(pid);
	for (int i = 0; i < n; i++) {
		say(fds[i], LINE, sizeof(LINE) - 1);
		if (i % 3 == 0) /* some have their end queued with it */
			shutdown(fds[i], SHUT_WR);
	}
	kill(pid, SIGCONT);
	for (int i = 0; i < n; i++)
		if (!answered(fds[i]))
			die("closed");
	free(fds);
}

static void refused(const char *addr, int n)
{
	int closed = 0;

	raise_descriptor_limit();
	for (int i = 0; i < n; i++) {
		int fd = dial(addr);
		if (Writen(fd, LINE, sizeof(LINE) - 1) == -1 || !answered(fd)) {
			close(fd);
			closed++;
		}
	}
	printf("%d refused\n", closed);
	fflush(stdout);
	until_stdin_ends();
}

static void again(const char *addr, int n)
{
	static char data[3000], echo[sizeof(data)];
	int *fds = served(addr, n);

	printf("there\n");
	fflush(stdout);
	until_stdin_ends();
	memset(data, 'x', sizeof(data));
	for (int i = 0; i < n; i++)
		say(fds[i], data, sizeof(data));
	upper(data, sizeof(data));
	for (int i = 0; i < n; i++)
		if (Readn(fds[i], echo, sizeof(echo)) != sizeof(echo) ||
		    memcmp(echo, data, sizeof(data)) != 0)
			die("not all came back");
	free(fds);
}

/* Sends N bytes and the end; takes what comes back at 1 MB/s, or, LATE, once no more comes. */
static void slow(const char *addr, size_t n, bool late)
{
	static char buf[20000];
	int fd = dial(addr), before = -1, waiting = 0;
	size_t got = 0;
	ssize_t some;

	pid_t pid = fork();
	if (pid == -1)
		perr_exit("fork");
	if (pid == 0) {
		for (size_t sent = 0; sent < n; sent += (size_t)some)
			if ((some = Write(fd, buf,
					  n - sent < sizeof(buf) ? n - sent : sizeof(buf))) == -1)
				perr_exit("send");
		shutdown(fd, SHUT_WR);
		_exit(0);
	}
	for (int still = 0; late && still < 10; still = waiting == before ? still + 1 : 0) {
		before = waiting;
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
		if (ioctl(fd, SIOCINQ, &waiting) == -1)
			perr_exit("SIOCINQ");
	}
	while ((some = Readn(fd, buf, sizeof(buf))) > 0) {
		got += (size_t)some;
		if (!late)
			nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	if (some == -1)
		perr_exit("receive");
	if (got != n)
		die("not all came back");
}

static int by_size(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static void answer(const char *addr, int n)
{
	long *us = calloc((size_t)n, sizeof(*us));
	int fd = dial(addr);
	struct timespec a, b;

	if (us == NULL)
		perr_exit("calloc");
	for (int i = 0; i < n; i++) {
		clock_gettime(CLOCK_MONOTONIC, &a);
		say(fd, LINE, sizeof(LINE) - 1);
		if (!answered(fd))
			die("closed");
		clock_gettime(CLOCK_MONOTONIC, &b);
		us[i] = (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000;
	}
	qsort(us, (size_t)n, sizeof(*us), by_size);
	printf("%ld\n", us[n / 2]);
	free(us);
}

int main(int argc, char *argv[])
{
	const char *what = argc > 2 ? argv[1] : "", *addr = argc > 2 ? argv[2] : "";
	int n = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;

	signal(SIGPIPE, SIG_IGN);
	if (strcmp(what, "queued") == 0 || (strcmp(what, "urgent") == 0 && argc == 5)) {
		queued(addr, n, argv[4], what[0] == 'u');
	} else if (strcmp(what, "keep") == 0 && argc == 4) {
		int fd = dial(addr);
		print_echo(fd, say_text(fd, argv[3], true));
		until_stdin_ends();
	} else if (strcmp(what, "together") == 0) {
		together(addr, n, (int)strtol(argv[4], NULL, 10));
	} else if (strcmp(what, "refused") == 0) {
		refused(addr, n);
	} else if (strcmp(what, "again") == 0) {
		again(addr, n);
	} else if (strcmp(what, "slow") == 0 || strcmp(what, "late") == 0) {
		slow(addr, (size_t)n, what[0] == 'l');
	} else if (strcmp(what, "answer") == 0) {
		answer(addr, n);
	} else {
		die("what? The opening comment of tests/event_peer.c tells");
	}
	return 0;
}
