#include "tests/bench/subject.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wrap/server.h"
#include "wrap/wrap.h"

void fail(const char *what, ...)
{
	char text[256];
	va_list args;

	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	message("%s", text);
	exit(EXIT_FAILURE);
}

/* The next line that the server prints, without its newline. */
static void read_line(const struct subject *s, char *line, size_t size, double seconds)
{
	struct pollfd out = {.fd = s->out, .events = POLLIN};
	int64_t end = now_ms() + (int64_t)(seconds * 1000);
	size_t n = 0;

	do {
		int64_t rest = end - now_ms();
		if (poll(&out, 1, rest > 0 ? (int)rest : 0) != 1)
			fail("the server said no line for %g s", seconds);
		if (Read(s->out, line + n, 1) != 1)
			fail("the server ended without its line");
	} while (line[n] != '\n' && ++n < size - 1);
	line[n] = '\0';
}

/* "127.0.0.1:9527", or a path. */
static void parse_address(struct subject *s, const char *text)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&s->addr;
	struct sockaddr_un *sun = (struct sockaddr_un *)&s->addr;
	char host[INET_ADDRSTRLEN];
	unsigned short port;

	memset(&s->addr, 0, sizeof(s->addr));
	if (sscanf(text, "%15[0-9.]:%hu", host, &port) == 2 &&
	    inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		if (ntohl(in->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
			fail("%s is not a loopback address", text);
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		s->addr_len = sizeof(*in);
	} else if (strchr(text, ':') == NULL && strlen(text) < sizeof(sun->sun_path)) {
		sun->sun_family = AF_UNIX;
		strcpy(sun->sun_path, text);
		s->addr_len = sizeof(*sun);
	} else {
		fail("%s is no address of 127.0.0.0/8 and no path", text);
	}
}

void subject_start(struct subject *s, char *argv[], double seconds)
{
	static const char listening[] = "listening on ";
	char line[256];
	int ends[2];

	if (pipe(ends) == -1)
		perr_exit("pipe");
	s->pid = fork();
	if (s->pid == -1)
		perr_exit("fork");
	if (s->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execvp(argv[0], argv);
		perr_exit("%s", argv[0]);
	}
	close(ends[1]);
	s->out = ends[0];
	read_line(s, line, sizeof(line), seconds);
	if (strncmp(line, listening, strlen(listening)) != 0)
		fail("the server's first line is '%s'", line);
	parse_address(s, line + strlen(listening));
}

/* Adds what process PID and its descendants use. One that ends meanwhile counts nothing. */
static void add_usage(struct usage *u, pid_t pid, bool memory)
{
	char path[64], line[256];
	unsigned long ended_ticks[2], kib;
	struct timespec cpu;
	clockid_t clock;
	int threads;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &cpu) == -1 ||
	    (file = fopen(path, "r")) == NULL)
		return;
	/* stat counts in ticks of 10 ms: enough for the children that have ended, but what one of a
	 * thousand processes used is less than a tick. */
	u->cpu_seconds += (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9;
	if (fscanf(file, /* the name, in brackets, may hold a blank: count from its end */
		   "%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %lu %lu %*d %*d %d",
		   &ended_ticks[0], &ended_ticks[1], &threads) == 3) {
		u->cpu_seconds +=
		    (double)(ended_ticks[0] + ended_ticks[1]) / (double)sysconf(_SC_CLK_TCK);
		u->threads += threads;
		u->processes++;
	}
	fclose(file);

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	if (memory && (file = fopen(path, "r")) != NULL) {
		while (fgets(line, sizeof(line), file) != NULL)
			if (sscanf(line, "Private_Dirty: %lu", &kib) == 1)
				u->dirty += kib * 1024;
		fclose(file);
	}

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if ((file = fopen(path, "r")) != NULL) {
		while (fscanf(file, "%d", &pid) == 1)
			add_usage(u, pid, memory);
		fclose(file);
	}
}

struct usage subject_usage(const struct subject *s, bool memory)
{
	struct usage u = {.processes = 0};

	add_usage(&u, s->pid, memory);
	return u;
}

void subject_stop(struct subject *s, double seconds, bool counts, uint64_t connections,
		  uint64_t bytes)
{
	struct pollfd out = {.fd = s->out, .events = POLLIN};
	char line[256], more[1], want[128];
	int64_t end = now_ms() + (int64_t)(seconds * 1000);
	int status, ended;

	kill(s->pid, SIGTERM);
	read_line(s, line, sizeof(line), seconds);
	/* The end of its output is the end of all its processes. */
	if (poll(&out, 1, (int)(seconds * 1000)) != 1 || read(s->out, more, sizeof(more)) != 0)
		fail("the server did not end with its closing line");
	while ((ended = waitpid(s->pid, &status, WNOHANG)) == 0 && now_ms() < end)
		poll(NULL, 0, 1);
	if (ended == 0)
		fail("the server did not end");
	if (ended == -1 || status != 0)
		fail("the server's exit status is 0x%x", (unsigned)status);
	snprintf(want, sizeof(want), "served %llu connections, %llu bytes;",
		 (unsigned long long)connections, (unsigned long long)bytes);
	if (counts && strncmp(line, want, strlen(want)) != 0)
		fail("expected '%s', the server says '%s'", want, line);
	close(s->out);
}
