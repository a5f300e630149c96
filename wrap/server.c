/*
 * A server's life. A stop has to reach it wherever it waits. Setting a flag is not enough, because
 * the signal may come just before a blocking call; so the handler also shuts the listening socket
 * down, which wakes every accept, recvfrom, select, poll and epoll_wait on it, now and later.
 */
#include "wrap/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "wrap/error.h"
#include "wrap/log.h"
#include "wrap/text.h"

#define RETRY_MS 100
#define LASTING_MS 1000 /* failures of a call that come closer together are one shortage */

/* What the processes of a server have in common. */
struct shared {
	struct log_counts counts;
	atomic_bool stopped; /* atomic, because threads read it too */
};
static struct shared before_ready, *shared = &before_ready;
static atomic_int listening = -1, serving = -1;
int peak_processes = 1;

static void on_stop(int signo)
{
	int err = errno;

	(void)signo;
	shared->stopped = true;
	shutdown(listening, SHUT_RD);
	if (serving != -1)
		shutdown(serving, SHUT_RDWR);
	errno = err;
}

bool stopping(void)
{
	return shared->stopped;
}

void stop_also_shuts(int cfd)
{
	serving = cfd;
	if (stopping() && cfd != -1) /* a stop just before has missed cfd */
		shutdown(cfd, SHUT_RDWR);
}

void wait_for_stop(int lfd)
{
	struct pollfd set = {.fd = lfd}; /* no events: POLLHUP, from a shutdown, always comes */
	sigset_t none, all, old;

	sigemptyset(&none);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old); /* no signal comes between the look and the wait */
	if (!stopping() && ppoll(&set, 1, NULL, &none) == -1 && errno != EINTR)
		retry_later("ppoll");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void share_with_children(void)
{
	if (shared != &before_ready)
		return;
	shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		perr_exit("mmap");
	log_counts = &shared->counts;
}

void stop_shuts(int fd)
{
	share_with_children();
	listening = fd;
	signal(SIGINT, on_stop);
	signal(SIGTERM, on_stop);
}

void print_listening(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char text[ADDRESS_TEXT];

	if (getsockname(fd, (struct sockaddr *)&sa, &len) == -1)
		perr_exit("getsockname");
	print_line("listening on %s", address_text((struct sockaddr *)&sa, len, text));
}

void server_ready(int fd)
{
	stop_shuts(fd);
	print_listening(fd);
}

/* Returns the peak memory. getrusage's peak survives exec, so it may be the shell's. proc(5). */
static long peak_memory_kib(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[128];
	long kib = 0;

	while (status != NULL && fgets(line, sizeof(line), status) != NULL)
		sscanf(line, "VmHWM: %ld", &kib);
	if (status != NULL)
		fclose(status);
	return kib;
}

int server_end(void)
{
	double ticks_per_second = (double)sysconf(_SC_CLK_TCK);
	long kib = peak_memory_kib();
	struct rusage children;
	struct tms cpu;

	times(&cpu);
	getrusage(RUSAGE_CHILDREN, &children);
	if (peak_processes > 1 && children.ru_maxrss > kib)
		kib = children.ru_maxrss;
	print_line("served %llu connections, %llu bytes; cpu %.2f s user, %.2f s system; "
		   "memory %ld KiB, %d processes",
		   log_counts->connections - log_counts->refused, log_counts->bytes,
		   (double)(cpu.tms_utime + cpu.tms_cutime) / ticks_per_second,
		   (double)(cpu.tms_stime + cpu.tms_cstime) / ticks_per_second, kib,
		   peak_processes);
	return EXIT_SUCCESS;
}

void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		perr_exit("getrlimit");
	limit.rlim_cur = limit.rlim_max < MOST_FDS ? limit.rlim_max : MOST_FDS;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		perr_exit("setrlimit");
}

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

void complain_once(const char *call)
{
	static _Atomic int64_t last;
	static _Atomic(const char *) last_call;
	int64_t now = now_ms();
	bool lasts = now - atomic_exchange(&last, now) < LASTING_MS;

	if ((atomic_exchange(&last_call, call) != call || !lasts) && !stopping())
		complain("%s", call);
}

void retry_later(const char *call)
{
	complain_once(call);
	if (!stopping())
		nanosleep(&(struct timespec){.tv_nsec = RETRY_MS * 1000000L}, NULL);
}
