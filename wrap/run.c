#include "wrap/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
#define PATIENCE_MS 500		 /* how long the log waits for its reader */
#define LAST_WORDS_MS 200	 /* and the closing line */
#define LINE_BYTES 2048		 /* no line of the log is longer */
#define STACK_BYTES (256 * 1024) /* more than echo_step's buffer */

/* Counted by all threads and child processes: in memory that they share. */
struct counts {
	atomic_ullong connections, bytes;
	_Atomic int64_t last_shortage; /* in now_ms's time, which began with the system */
	atomic_bool unread, cut; /* the log: its last line was lost, or stands there in part */
};
static struct counts mine, *counts = &mine; /* mine: until there may be other processes */
int most_processes = 1;

/* Lock-free atomics: read by other threads, written by a signal handler. */
static atomic_int stop_flag;
static atomic_int listening = -1, serving = -1;

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

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

/*
 * Whether FD takes a line at once, or within MS milliseconds: who doesn't read our log or our
 * complaints must not stop us. They are lost then. poll(2), pipe(7).
 */
static bool has_room(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, ms) != 0; /* -1, without a descriptor to spare: who knows */
}

void complain(const char *what, ...)
{
	int err = errno;
	char text[512], number[24];
	const char *name = strerrorname_np == NULL ? NULL : strerrorname_np(err);
	va_list args;

	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	snprintf(number, sizeof(number), "errno %d", err);
	if (!has_room(STDERR_FILENO, 0))
		; /* lost */
	else if (err == 0)
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

/*
 * A write to a terminal or pipe may block though poll says that there is room: for a line that is
 * longer, or taken meanwhile by another process. So FD becomes an opening of our own with
 * O_NONBLOCK; on the one that we were given the flag would change the shell's too. pty(7), open(2).
 */
static void never_wait_for(int fd)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == -1 || !(S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)))
		return;
	int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
	if (own != -1) {
		dup2(own, fd);
		close(own);
	}
}

void server_ready(int fd)
{
	struct sigaction action = {.sa_handler = on_stop};
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char text[ADDRESS_TEXT];
	volatile char stack[STACK_BYTES];

	/* It grows when it is touched, and ends us if there is no memory by then: so before. */
	stack[0] = 0;
	(void)stack[0];
	counts =
	    mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		perr_exit("mmap");
	never_wait_for(STDOUT_FILENO);
	never_wait_for(STDERR_FILENO);
	listening = fd;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (getsockname(fd, (struct sockaddr *)&sa, &len) == -1)
		perr_exit("getsockname");
	address_text((struct sockaddr *)&sa, len, text);
	if (dprintf(STDOUT_FILENO, "listening on %s\n", text) < 0)
		complain("stdout");
}

/*
 * Who reads slowly is waited for, within reason. Who does not read is not, until there is room
 * again: the rest of LINE is lost. The newline that LINE begins with ends one that was cut.
 */
static void print(const char *line, int patience_ms)
{
	int64_t end = now_ms() + patience_ms;
	ssize_t n;

	line += counts->cut ? 0 : 1;
	do {
		n = 0;
		if (has_room(STDOUT_FILENO, patience_ms > 0 ? 1 : 0))
			n = write(STDOUT_FILENO, line, strlen(line));
		if (n == -1 && errno != EAGAIN)
			return;
		if (n > 0) {
			line += n;
			counts->cut = *line != '\0';
		}
	} while (*line != '\0' && (n > 0 || now_ms() < end));
	counts->unread = *line != '\0';
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
		 "\nserved %llu connections, %llu bytes; cpu %.2f s user, %.2f s system; "
		 "memory %ld KiB, %d processes\n",
		 counts->connections, counts->bytes,
		 (double)(cpu.tms_utime + cpu.tms_cutime) / ticks,
		 (double)(cpu.tms_stime + cpu.tms_cstime) / ticks, kib, most_processes);
	pthread_mutex_lock(&log_lock); /* for ever: a thread that still serves says no more */
	print(line, LAST_WORDS_MS);
	return EXIT_SUCCESS;
}

void raise_descriptor_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
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
	line[0] = '\n'; /* see print */
	va_start(args, what);
	vsnprintf(line + 1, sizeof(line) - 1, what, args);
	va_end(args);
	pthread_mutex_lock(&log_lock);
	print(line, counts->unread ? 0 : PATIENCE_MS);
	pthread_mutex_unlock(&log_lock);
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
