/* See sweep_watch.h. Everything comes from /proc, and descriptors by pidfd_getfd(2). */
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/sweep_watch.h"

#define MOST_PROCESSES 64
#define LOOK_MS 5      /* every run is looked at for so long, */
#define LOOK_US 1000   /* and so much processor time is suspicious; */
#define CHECK_MS 200   /* then it is looked at for longer, */
#define CHECK_US 20000 /* and this is no accident, on a busy machine either */

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == -1 ? -1 : value;
}

static bool is_bound(int fd)
{
	union {
		struct sockaddr_storage any;
		struct sockaddr_in in; /* of IPv6 too the port is there */
	} sa = {0};
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) == -1)
		return false;
	return sa.any.ss_family == AF_UNIX ? len > sizeof(sa_family_t) : sa.in.sin_port != 0;
}

static bool is_for_clients(int fd, int type)
{
	if (option(fd, SO_TYPE) != type)
		return false;
	if (type == SOCK_STREAM && option(fd, SO_REUSEPORT) != 1) /* with it the workers listen */
		return option(fd, SO_ACCEPTCONN) == 1;
	return is_bound(fd);
}

int watch_socket(int pidfd, int type)
{
	for (int fd = 3; fd < 32; fd++) {
		int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
		if (copy != -1 && is_for_clients(copy, type))
			return copy;
		close(copy);
	}
	return -1;
}

int watch_children(pid_t pid, pid_t children[], int most)
{
	char path[64], text[4096] = "", *rest = text, *word;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1 && read(fd, text, sizeof(text) - 1) > 0)
		while (n < most && (word = strtok_r(rest, " ", &rest)) != NULL)
			children[n++] = atoi(word);
	close(fd);
	return n;
}

static int processes(pid_t program, pid_t pids[MOST_PROCESSES])
{
	pids[0] = program;
	return 1 + watch_children(program, pids + 1, MOST_PROCESSES - 1);
}

int watch_descriptors(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	if (dir != NULL)
		closedir(dir);
	return n;
}

struct usage watch_usage(pid_t program)
{
	pid_t pids[MOST_PROCESSES];
	struct usage u = {.processes = processes(program, pids)};

	for (int i = 0; i < u.processes; i++)
		u.descriptors += watch_descriptors(pids[i]);
	return u;
}

static long long processor_us(pid_t pid)
{
	struct timespec t = {0};
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0)
		clock_gettime(clock, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* The processor time that all its processes use within MS milliseconds. */
static long long used_us(pid_t program, int ms)
{
	pid_t pids[MOST_PROCESSES];
	int n = processes(program, pids);
	long long sum = 0;

	for (int i = 0; i < n; i++)
		sum -= processor_us(pids[i]);
	poll(NULL, 0, ms);
	for (int i = 0; i < n; i++)
		sum += processor_us(pids[i]);
	return sum;
}

bool watch_spins(pid_t program)
{
	return used_us(program, LOOK_MS) > LOOK_US && used_us(program, CHECK_MS) > CHECK_US;
}
