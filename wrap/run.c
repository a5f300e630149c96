#include "wrap/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "wrap/net.h"
#include "wrap/wrap.h"

#define SHORTAGE_MS 100		 /* how long a blocking server waits for room */
#define PATIENCE_MS 300		 /* how long the log waits for its reader, in all */
#define LINE_BYTES 2048		 /* no line of the log is longer */
#define MAPPED_BYTES 16384	 /* not less: pages cost time, and libevent's blocks are of 4 KiB */
#define STACK_BYTES (256 * 1024) /* more than echo_step's buffer */

/* Shared by all threads and child processes. */
struct counts {
	atomic_ullong connections, bytes;
	_Atomic int64_t last_shortage; /* in now_ms's time, which began with the system */
	pthread_mutex_t log;	       /* over stdout and what follows: */
	int lost;		       /* lines since the last that was written whole */
	int patience;		       /* the milliseconds that are left to wait */
};
static struct counts mine = {.log = PTHREAD_MUTEX_INITIALIZER, .patience = PATIENCE_MS};
static struct counts *counts = &mine; /* until there may be other processes */
int most_processes = 1;

/* Lock-free atomics: read by other threads, written by a signal handler. */
static atomic_int stop_flag;
static atomic_int listening = -1, serving = -1;

const char *program_name(void)
{
	static char path[PATH_MAX] = "?";

	if (path[0] == '?' && readlink("/proc/self/exe", path, sizeof(path) - 1) == -1)
		return path;
	char *name = memrchr(path, '/', strlen(path)); /* behind the topic's folder */
	char *topic = memrchr(path, '/', (size_t)(name - path));
	return (topic == NULL ? name : topic) + 1;
}

/* glibc has it since 2.32, other C libraries have not: NULL, and the number must do. */
extern __attribute__((weak)) const char *strerrorname_np(int err);

void complain(const char *what, ...)
{
	int err = errno;
	char text[512], number[24];
	const char *name = strerrorname_np == NULL ? NULL : strerrorname_np(err);
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
	va_list args;

	/* Who does not read it must not stop a server; not each can be opened anew, see below. */
	if (listening != -1 && poll(&p, 1, 0) == 0)
		return;
	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	snprintf(number, sizeof(number), "errno %d", err);
	if (err == 0)
		dprintf(STDERR_FILENO, "%s: %s\n", program_name(), text);
	else
		dprintf(STDERR_FILENO, "%s: %s: %s (%s)\n", program_name(), text, strerror(err),
			name == NULL ? number : name);
	errno = err;
}

static void on_stop(int signo)
{
	int err = errno;

	(void)signo;
	stop_flag = 1;
	shutdown(listening, SHUT_RD);
	if (serving != -1)
		shutdown(serving, SHUT_RDWR);
	errno = err;
}

bool stopping(void)
{
	return stop_flag != 0;
}

void stop_shuts(int cfd)
{
	serving = cfd;
	if (stopping() && cfd != -1) /* the signal may have come just before */
		shutdown(cfd, SHUT_RDWR);
}

void wait_for_stop(int lfd)
{
	struct pollfd p = {.fd = lfd}; /* no events: a shutdown is told all the same, POLLHUP */
	sigset_t none;

	sigemptyset(&none);
	if (ppoll(&p, 1, NULL, &none) == -1 && errno != EINTR)
		shortage("wait for the stop");
}

/*
 * Makes FD, a terminal or pipe, an opening of our own with O_NONBLOCK: who does not read it must
 * not stop us. On the opening that we were given the flag would change the shell's too. open(2).
 */
static void never_wait_for(int fd)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!isatty(fd) && (fstat(fd, &st) == -1 || !S_ISFIFO(st.st_mode)))
		return;
	int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
	if (own != -1) {
		dup2(own, fd);
		close(own);
	}
}

static void lock_log(void)
{
	if (pthread_mutex_lock(&counts->log) == EOWNERDEAD) /* a child was killed that had it */
		pthread_mutex_consistent(&counts->log);
}

/*
 * Who reads slowly is waited for, but not for long: the patience that a wait takes comes back a
 * millisecond for each line that is written at once. Without it what there is no room for is lost,
 * and the next line tells how much. Returns whether LINE was written.
 */
static bool print(const char *line)
{
	char text[LINE_BYTES + 64], *rest = text;
	bool waited = false;

	if (counts->lost > 0)
		snprintf(text, sizeof(text), "\n(%d lines lost)\n%s", counts->lost, line);
	else
		snprintf(text, sizeof(text), "%s", line);
	while (*rest != '\0') {
		struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
		ssize_t n = poll(&p, 1, 0) == 0 ? 0 : write(STDOUT_FILENO, rest, strlen(rest));
		if (n > 0) {
			rest += n;
		} else if (counts->patience > 0 && (n == 0 || errno == EAGAIN)) {
			poll(NULL, 0, 1);
			counts->patience--;
			waited = true;
		} else {
			break;
		}
	}
	counts->lost = *rest == '\0' ? 0 : counts->lost + 1;
	if (!waited && counts->lost == 0 && counts->patience < PATIENCE_MS)
		counts->patience++;
	return counts->lost == 0;
}

void server_ready(int fd)
{
	struct sigaction action = {.sa_handler = on_stop};
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char text[ADDRESS_TEXT], line[LINE_BYTES];
	volatile char stack[STACK_BYTES];
	volatile size_t lowest = 0; /* were it a constant, a compiler could keep that byte alone */
	pthread_mutexattr_t attr;

	/* It grows when it is touched, and ends us if there is no memory by then: so before. */
	stack[lowest] = 0;
	(void)stack[lowest];
#ifdef __GLIBC__ /* in pages of its own what was owed goes back, whatever lies above it */
	mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
#endif
	counts =
	    mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		perr_exit("mmap");
	counts->patience = PATIENCE_MS;
	if ((errno = pthread_mutexattr_init(&attr)) != 0 ||
	    (errno = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED)) != 0 ||
	    (errno = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST)) != 0 ||
	    (errno = pthread_mutex_init(&counts->log, &attr)) != 0)
		perr_exit("pthread_mutex_init");
	never_wait_for(STDOUT_FILENO);
	never_wait_for(STDERR_FILENO);
	listening = fd;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (getsockname(fd, (struct sockaddr *)&sa, &len) == -1)
		perr_exit("getsockname");
	address_text((struct sockaddr *)&sa, len, text);
	snprintf(line, sizeof(line), "listening on %s\n", text);
	if (!print(line))
		complain("stdout");
}

static long peak_memory_kib(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[128];
	long kib = 0;

	while (status != NULL && fgets(line, sizeof(line), status) != NULL &&
	       sscanf(line, "VmHWM: %ld", &kib) != 1)
		;
	if (status != NULL)
		fclose(status);
	return kib;
}

int server_end(void)
{
	double ticks = (double)sysconf(_SC_CLK_TCK); /* in a second */
	long kib = peak_memory_kib();
	struct rusage children;
	char line[LINE_BYTES];
	struct tms cpu;

	times(&cpu);
	getrusage(RUSAGE_CHILDREN, &children);
	if (most_processes > 1 && children.ru_maxrss > kib)
		kib = children.ru_maxrss;
	snprintf(line, sizeof(line),
		 "served %llu connections, %llu bytes; cpu %.2f s user, %.2f s system; "
		 "memory %ld KiB, %d processes\n",
		 counts->connections, counts->bytes,
		 (double)(cpu.tms_utime + cpu.tms_cutime) / ticks,
		 (double)(cpu.tms_stime + cpu.tms_cstime) / ticks, kib, most_processes);
	lock_log(); /* for ever: a thread that still serves says no more */
	counts->patience = PATIENCE_MS;
	print(line);
	return EXIT_SUCCESS;
}

void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		perr_exit("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		complain("RLIMIT_NOFILE");
}

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

void say_shortage(const char *call)
{
	int64_t now = now_ms(), last = atomic_exchange(&counts->last_shortage, now);

	if (!stopping() && now - last > 1000)
		complain("%s", call);
}

void shortage(const char *call)
{
	say_shortage(call);
	if (!stopping())
		nanosleep(&(struct timespec){.tv_nsec = SHORTAGE_MS * 1000000L}, NULL);
}

void log_line(const char *what, ...)
{
	char line[LINE_BYTES];
	va_list args;

	if (opt.quiet)
		return;
	va_start(args, what);
	vsnprintf(line, sizeof(line), what, args);
	va_end(args);
	lock_log();
	if (stopping()) /* a slow reader must not hold up the end */
		counts->patience = 0;
	print(line);
	pthread_mutex_unlock(&counts->log);
}

size_t printable(char *text, size_t size, const char *data, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n && len + 5 <= size; i++) {
		unsigned char c = (unsigned char)data[i];

		len += (size_t)sprintf(text + len, c >= ' ' && c <= '~' ? "%c" : "\\x%02x", c);
	}
	text[len] = '\0';
	return len;
}

void log_connected(const char *who)
{
	counts->connections++;
	log_line("client %s connected\n", who);
}

void log_data(const char *who, const char *data, size_t n)
{
	char text[4 * 256 + 1];

	counts->bytes += n;
	for (size_t i = 0; opt.verbose && i < n; i += 256) {
		printable(text, sizeof(text), data + i, n - i < 256 ? n - i : 256);
		log_line("client %s: %s\n", who, text);
	}
}

void log_gone(const char *who, uint64_t bytes, int err)
{
	log_line("client %s %s, %llu bytes\n", who, err == 0 ? "closed" : "reset",
		 (unsigned long long)bytes);
}

void count_refused(void)
{
	counts->connections--;
}
