/*
 * How many processes one connection wakes. N processes wait for clients of the same listening
 * socket, in one of three ways, and a client connects again and again:
 *
 *   accept           all are blocked in accept: the kernel wakes one
 *   epoll            each has the socket in an epoll set of its own: the kernel wakes all, and all
 *                    but one find that accept has nothing for them (a thundering herd)
 *   EPOLLEXCLUSIVE   the same, but the sets ask that only one of them is woken: epoll_ctl(2)
 *
 *   tests/herd [N [CONNECTIONS]]     20 and 200; prints how many were woken for each connection,
 *                                    and how uneven the share of them is
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/talk.h"

#define MOST_PROCESSES 1000
#define SETTLE_MS 5

enum way { ACCEPT, EPOLL, EXCLUSIVE };
static const char *const names[] = {"accept", "epoll", "EPOLLEXCLUSIVE"};

static struct shared {
	atomic_int begun; /* how many processes have begun */
	atomic_int accepted[MOST_PROCESSES];
} * shared;

static void wait_for_clients(int lfd, enum way way, int self)
{
	struct epoll_event event = {.events = EPOLLIN | (way == EXCLUSIVE ? EPOLLEXCLUSIVE : 0)};
	int epfd = epoll_create1(0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (way != ACCEPT && epoll_ctl(epfd, EPOLL_CTL_ADD, lfd, &event) == -1)
		die_errno("epoll_ctl");
	shared->begun++;
	for (;;) {
		if (way != ACCEPT && epoll_wait(epfd, &event, 1, -1) == -1)
			die_errno("epoll_wait");
		int cfd = accept(lfd, NULL, NULL); /* for epoll lfd is non-blocking */
		if (cfd == -1)
			continue; /* another one was faster */
		shared->accepted[self]++;
		close(cfd);
	}
}

/* How often the N processes PIDS have gone to sleep so far. proc_pid_status(5). */
static long sleeps(const pid_t pids[], int n)
{
	char path[64], line[256];
	long sum = 0, times;

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/proc/%d/status", (int)pids[i]);
		FILE *status = fopen(path, "r");
		while (status != NULL && fgets(line, sizeof(line), status) != NULL)
			if (sscanf(line, "voluntary_ctxt_switches: %ld", &times) == 1)
				sum += times;
		if (status != NULL)
			fclose(status);
	}
	return sum;
}

static void measure(int n, int connections, enum way way)
{
	struct sockaddr_storage sa;
	socklen_t len = parse("127.0.0.1:0", &sa);
	pid_t pids[MOST_PROCESSES];
	int busiest = 0;
	char c;

	int lfd = socket(AF_INET, SOCK_STREAM | (way == ACCEPT ? 0 : SOCK_NONBLOCK), 0);
	if (bind(lfd, (struct sockaddr *)&sa, len) == -1 || listen(lfd, 128) == -1 ||
	    getsockname(lfd, (struct sockaddr *)&sa, &len) == -1)
		die_errno("listen");
	memset(shared, 0, sizeof(*shared));
	for (int i = 0; i < n; i++)
		if ((pids[i] = new_process()) == 0)
			wait_for_clients(lfd, way, i);
	while (shared->begun < n) {
		if (waitpid(-1, NULL, WNOHANG) > 0)
			die("one of the processes has ended");
		nap_ms(1);
	}
	nap_ms(SETTLE_MS);
	long before = sleeps(pids, n);
	for (int i = 0; i < connections; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&sa, len) == -1)
			die_errno("connect");
		recv(fd, &c, 1, 0); /* until one of them has accepted and closed it */
		close(fd);
		nap_ms(SETTLE_MS); /* those that were woken for nothing go back to sleep */
	}
	for (int i = 0; i < n; i++)
		busiest = shared->accepted[i] > busiest ? shared->accepted[i] : busiest;
	printf("%-14s %5.2f woken, the busiest takes %d of %d\n", names[way],
	       (double)(sleeps(pids, n) - before) / connections, busiest, connections);
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	close(lfd);
}

int main(int argc, char *argv[])
{
	int n = argc > 1 ? number(argv[1]) : 20, connections = argc > 2 ? number(argv[2]) : 200;

	if (n < 1 || n > MOST_PROCESSES || connections < 1)
		die("usage: tests/herd [N [CONNECTIONS]]");
	shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die_errno("mmap");
	for (enum way way = ACCEPT; way <= EXCLUSIVE; way++)
		measure(n, connections, way);
}
