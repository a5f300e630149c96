/*
 * Holds many idle clients of one server, more than one process or one client address can have. Each
 * process connects its share, one client after another, from the addresses
 * 127.0.0.2 to 127.0.0.101 in turn, and each client sends a line and reads its echo. When all are
 * there, a thousand of them, chosen at random, do that once more.
 *
 *   tests/bench/holders ADDR CLIENTS PROCESSES
 *
 * Prints a line when all are connected, waits for a line on stdin, then prints how long those
 * answers took.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/talk.h"

#define SOURCES 100 /* addresses; each has about 28,000 ports: ip_local_port_range */
#define PINGS 1000

static struct sockaddr_storage server;
static socklen_t server_len;
static atomic_int *held; /* the clients of all processes, in memory that they share */

/* Sends a line and reads its echo. Returns the microseconds that this took. */
static int ping(int fd)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	say(fd, "ping\n", 5);
	hear(fd, "ping\n", 5);
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (int)((to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000);
}

/*
 * With IP_BIND_ADDRESS_NO_PORT bind sets the address only, and connect picks a port that is free
 * for this server; otherwise all sockets of an address would need ports of their own. ip(7)
 */
static int connect_from(int source)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
				  .sin_addr = {htonl(INADDR_LOOPBACK + 1 + (in_addr_t)source)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1)
		die_errno("socket");
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int));
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		die_errno("bind");
	if (connect(fd, (struct sockaddr *)&server, server_len) == -1)
		die_errno("connect");
	return fd;
}

/* One process: holds N clients, and pings the one whose number comes from REQUESTS. */
static void hold(int n, int requests, int answers)
{
	int *fds = allocate((size_t)n * sizeof(*fds)), which;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	allow_descriptors();
	for (int i = 0; i < n; i++) {
		fds[i] = connect_from(i % SOURCES);
		ping(fds[i]);
		++*held;
	}
	while (read(requests, &which, sizeof(which)) == sizeof(which)) {
		int us = ping(fds[which]);
		if (write(answers, &us, sizeof(us)) != sizeof(us))
			die_errno("write");
	}
	_exit(EXIT_SUCCESS);
}

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void ask(const int requests[], int answers, int n, int nprocesses)
{
	static int us[PINGS];

	srand(1);
	for (int i = 0; i < PINGS; i++) {
		int which = rand() % n;
		if (write(requests[rand() % nprocesses], &which, sizeof(which)) != sizeof(which) ||
		    read(answers, &us[i], sizeof(us[i])) != sizeof(us[i]))
			die("a process of the clients has ended");
	}
	qsort(us, PINGS, sizeof(us[0]), by_value);
	put_line("%d of them at random: answered in %d us (median), %d us (the slowest)", PINGS,
		 us[PINGS / 2], us[PINGS - 1]);
}

int main(int argc, char *argv[])
{
	if (argc != 4 || number(argv[3]) < 1 || number(argv[2]) < number(argv[3]))
		die("usage: tests/bench/holders ADDR CLIENTS PROCESSES, a client or more for each "
		    "process");
	int n = number(argv[2]), nprocesses = number(argv[3]), each = n / nprocesses, answers[2];
	int *requests = allocate((size_t)nprocesses * sizeof(*requests));

	signal(SIGPIPE, SIG_IGN); /* a process may end before it is asked */
	server_len = parse(argv[1], &server);
	held = mmap(NULL, sizeof(*held), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (held == MAP_FAILED || pipe(answers) == -1)
		die_errno("mmap or pipe");
	int64_t start = clock_ms();
	for (int i = 0; i < nprocesses; i++) {
		int ends[2];
		if (pipe(ends) == -1)
			die_errno("pipe");
		if (new_process() == 0) {
			close(ends[1]);
			close(answers[0]);
			hold(each + (i < n % nprocesses), ends[0], answers[1]);
		}
		close(ends[0]);
		requests[i] = ends[1];
	}
	close(answers[1]);
	while (*held < n) {
		if (waitpid(-1, NULL, WNOHANG) > 0)
			die("a process of the clients has ended, %d are connected", *held);
		nap_ms(20);
	}
	put_line("%d clients are connected, and each has had an answer, after %.1f s", n,
		 (double)(clock_ms() - start) / 1000);
	getchar();
	ask(requests, answers[0], each, nprocesses);
	for (int i = 0; i < nprocesses; i++)
		close(requests[i]);
	while (wait(NULL) > 0)
		;
}
