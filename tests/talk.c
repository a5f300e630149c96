/*
 * Talking to servers, for the tests' helpers. Every wait is bounded by the deadline of the case
 * that the helper works for, so that a case which fails says what it was waiting for.
 */
#include "tests/talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void die(const char *what, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, what);
	vfprintf(stderr, what, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

void die_errno(const char *call)
{
	die("%s: %s", call, strerror(errno));
}

void put_line(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	vprintf(what, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void nap_ms(int ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

int ms_left(void)
{
	static int64_t deadline;

	if (deadline == 0) {
		const char *text = getenv("DEADLINE");
		deadline = text == NULL ? clock_ms() + 30000 : strtoll(text, NULL, 10);
	}
	int64_t rest = deadline - clock_ms();
	return rest < 1 ? 1 : (int)rest;
}

int number(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

void *allocate(size_t bytes)
{
	void *p = calloc(1, bytes);

	if (p == NULL)
		die_errno("calloc");
	return p;
}

int new_process(void)
{
	pid_t pid = fork();

	if (pid == -1)
		die_errno("fork");
	return pid;
}

void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		die_errno("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		die_errno("setrlimit");
}

void until_stdin_ends(void)
{
	char c;

	while (read(STDIN_FILENO, &c, 1) > 0)
		;
}

static sigset_t usr1(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return set;
}

void hold_signal(void)
{
	sigset_t set = usr1();

	sigprocmask(SIG_BLOCK, &set, NULL);
}

void await_signal(void)
{
	sigset_t set = usr1();
	int signo;

	sigwait(&set, &signo);
}

socklen_t parse(const char *text, struct sockaddr_storage *sa)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const char *colon = strrchr(text, ':');
	size_t n = strlen(text);
	char ip[INET6_ADDRSTRLEN];

	memset(sa, 0, sizeof(*sa));
	if (colon == NULL) {
		if (n > sizeof(sun.sun_path))
			die("a path of %zu bytes", n);
		memcpy(sun.sun_path, text, n);
		if (text[0] == '@')
			sun.sun_path[0] = '\0';
		memcpy(sa, &sun, sizeof(sun));
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	}
	in.sin_port = in6.sin6_port = htons((uint16_t)number(colon + 1));
	if (sscanf(text, "[%45[^]]]", ip) == 1 && inet_pton(AF_INET6, ip, &in6.sin6_addr) == 1) {
		memcpy(sa, &in6, sizeof(in6));
		return sizeof(in6);
	}
	if (sscanf(text, "%15[0-9.]:", ip) != 1 || inet_pton(AF_INET, ip, &in.sin_addr) != 1)
		die("not an address: %s", text);
	memcpy(sa, &in, sizeof(in));
	return sizeof(in);
}

static void bound_wait(int fd, int option)
{
	int left = ms_left();
	struct timeval bound = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};

	if (setsockopt(fd, SOL_SOCKET, option, &bound, sizeof(bound)) == -1)
		die_errno("setsockopt");
}

static int bounded_socket(int family, int type)
{
	int fd = socket(family, type, 0);

	if (fd == -1)
		die_errno("socket");
	bound_wait(fd, SO_RCVTIMEO);
	bound_wait(fd, SO_SNDTIMEO);
	return fd;
}

int bound_to(const char *addr, int type)
{
	struct sockaddr_storage sa;
	socklen_t len = parse(addr, &sa);
	int fd = bounded_socket(sa.ss_family, type);

	if (bind(fd, (struct sockaddr *)&sa, len) == -1)
		die_errno("bind");
	return fd;
}

int dial_from(const char *own, const char *addr, int type)
{
	struct sockaddr_storage sa;
	socklen_t len = parse(addr, &sa);
	int fd = own == NULL ? bounded_socket(sa.ss_family, type) : bound_to(own, type);

	if (connect(fd, (struct sockaddr *)&sa, len) == -1)
		die_errno("connect");
	return fd;
}

int dial(const char *addr)
{
	return dial_from(NULL, addr, SOCK_STREAM);
}

/*
 * Below the range from which the kernel takes ports (ip(7): ip_local_port_range), where another
 * program could get it between two uses. Two at a time begin at different ones, their ids'.
 */
int free_port(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	for (int i = 0; i < 30000; i++) {
		int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
		in.sin_port = htons((uint16_t)(2000 + (getpid() + i) % 30000));
		bool is_free = bind(udp, (struct sockaddr *)&in, sizeof(in)) == 0 &&
			       bind(tcp, (struct sockaddr *)&in, sizeof(in)) == 0;
		close(udp);
		close(tcp);
		if (is_free)
			return ntohs(in.sin_port);
	}
	die("no port is free");
}

void print_address(const char *what, int fd)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);
	char ip[INET_ADDRSTRLEN];

	if (getsockname(fd, (struct sockaddr *)&sa, &len) == -1)
		die_errno("getsockname");
	if (sa.ss_family == AF_UNIX) {
		put_line("%s on %s", what, ((struct sockaddr_un *)&sa)->sun_path);
		return;
	}
	const struct sockaddr_in *in = (struct sockaddr_in *)&sa;
	inet_ntop(AF_INET, &in->sin_addr, ip, sizeof(ip));
	put_line("%s on %s:%u", what, ip, ntohs(in->sin_port));
}

void capitals(char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (buf[i] >= 'a' && buf[i] <= 'z')
			buf[i] = (char)(buf[i] - 'a' + 'A');
}

void say(int fd, const char *text, size_t n)
{
	ssize_t some;
	size_t sent = 0;

	do { /* once too for an empty datagram */
		some = send(fd, text + sent, n - sent, MSG_NOSIGNAL);
		if (some == -1 && errno == EAGAIN)
			die("only %zu of %zu bytes were taken in time", sent, n);
		if (some == -1)
			die_errno("send");
		sent += (size_t)some;
	} while (sent < n);
}

size_t hear_some(int fd, char *buf, size_t n)
{
	ssize_t some = 1;
	size_t got = 0;

	for (; got < n && some > 0; got += (size_t)some) {
		some = recv(fd, buf + got, n - got, 0);
		if (some == -1 && errno == EAGAIN)
			die("only %zu of %zu bytes came in time", got, n);
		if (some == -1)
			die_errno("receive");
	}
	return got;
}

void hear(int fd, const char *text, size_t n)
{
	char *want = allocate(n + 1), *got = allocate(n + 1);

	memcpy(want, text, n);
	capitals(want, n);
	size_t len = hear_some(fd, got, n), same = 0;
	while (same < len && want[same] == got[same])
		same++;
	if (same < n)
		die("%zu of %zu bytes came; from byte %zu on expected '%.40s', saw '%.40s'", len, n,
		    same, want + same, got + same);
	free(want);
	free(got);
}

void hear_end(int fd)
{
	char c;

	bound_wait(fd, SO_RCVTIMEO); /* what came before the end may have taken most of the time */
	if (hear_some(fd, &c, 1) != 0)
		die("more came back than was sent");
}

bool process_state(int id, char *state, int *parent)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", id);
	FILE *f = fopen(path, "r");
	if (f == NULL)
		return false;
	bool there = fgets(text, sizeof(text), f) != NULL;
	fclose(f);
	/* The name stands in parentheses and may hold any byte. */
	const char *end = there ? strrchr(text, ')') : NULL;
	return end != NULL && sscanf(end + 1, " %c %d", state, parent) == 2;
}

int run_word(const struct word words[], size_t nwords, char *argv[])
{
	int nargs = 0;

	while (argv[1] != NULL && argv[nargs + 2] != NULL)
		nargs++;
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; argv[1] != NULL && i < nwords; i++) {
		if (strcmp(words[i].name, argv[1]) == 0 && nargs >= words[i].least) {
			words[i].run(argv + 2);
			return EXIT_SUCCESS;
		}
	}
	fprintf(stderr, "%s: the opening comment of its source explains its words:",
		program_invocation_short_name);
	for (size_t i = 0; i < nwords; i++)
		fprintf(stderr, " %s", words[i].name);
	fputc('\n', stderr);
	return 2;
}
