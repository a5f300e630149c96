/*
 * What the shell needs for some cases besides tests/peer. PID is a process.
 *
 *   traceable COMMAND…      run it, and let the next one look at its sockets
 *   sockets PID…            the options of their TCP sockets, a line each
 *   queued N                wait until N bytes are in the pipe that is stdin
 *   large COMMAND…          run it in a process that has had 64 MiB of memory
 *   limit N COMMAND…        run it with N descriptors at most
 *   hosts FILE COMMAND…     run it with FILE in place of /etc/hosts
 *   nonblock COMMAND…       run it with a stdin that is non-blocking
 *
 * The words for faults at chosen moments are in tests/faults.h.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults.h"

#define LARGE_BYTES ((size_t)64 << 20)

/* ---- What its sockets are like */

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, name, &value, &len) == -1 ? -1 : value;
}

static void print_socket(int fd)
{
	int domain = option(fd, SOL_SOCKET, SO_DOMAIN);

	if ((domain != AF_INET && domain != AF_INET6) ||
	    option(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM)
		return;
	printf("%s TCP_NODELAY=%d SO_REUSEADDR=%d IPV6_V6ONLY=%d O_NONBLOCK=%d\n",
	       option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1 ? "listening" : "connected",
	       option(fd, IPPROTO_TCP, TCP_NODELAY) != 0, option(fd, SOL_SOCKET, SO_REUSEADDR) != 0,
	       domain == AF_INET6 ? option(fd, IPPROTO_IPV6, IPV6_V6ONLY) : 0,
	       (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
}

/* pidfd_getfd(2) gives its sockets to us; what came and went meanwhile is left out. */
static void print_sockets(int pid)
{
	char path[64];
	struct dirent *entry;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *dir = opendir(path);
	if (pidfd == -1 || dir == NULL)
		err(1, "pidfd_open");
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		int fd = (int)syscall(SYS_pidfd_getfd, pidfd, atoi(entry->d_name), 0);
		if (fd == -1 && errno != EBADF)
			err(1, "pidfd_getfd");
		if (fd != -1) {
			print_socket(fd);
			close(fd);
		}
	}
	closedir(dir);
	close(pidfd);
}

/* ---- A pipe */

static void queued(int wanted)
{
	int n = 0;

	for (int i = 0; i < 15000 && n < wanted; i++) {
		if (ioctl(STDIN_FILENO, FIONREAD, &n) == -1)
			err(1, "FIONREAD");
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	if (n < wanted)
		errx(1, "the pipe does not fill");
}

/* ---- Where it runs */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd == -1 || write(fd, text, strlen(text)) == -1)
		err(1, "%s", path);
	close(fd);
}

static void hosts(const char *file)
{
	char map[64];
	unsigned uid = getuid(), gid = getgid();

	if (unshare(CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER)) == -1)
		err(1, "unshare");
	if (uid != 0) {
		snprintf(map, sizeof(map), "0 %u 1", uid);
		write_file("/proc/self/uid_map", map);
		write_file("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "0 %u 1", gid);
		write_file("/proc/self/gid_map", map);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount(file, "/etc/hosts", NULL, MS_BIND, NULL) == -1)
		err(1, "mount");
}

static void limit(rlim_t n)
{
	if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = n, .rlim_max = n}) == -1)
		err(1, "setrlimit");
}

static void large(void)
{
	volatile char *p = malloc(LARGE_BYTES);

	if (p == NULL)
		err(1, "malloc");
	for (size_t i = 0; i < LARGE_BYTES; i += 1024)
		p[i] = 'x';
}

static void run(char *command[])
{
	execvp(command[0], command);
	err(1, "%s", command[0]);
}

int main(int argc, char *argv[])
{
	const char *word = argc > 2 ? argv[1] : "";

	faults(argc, argv);
	if (strcmp(word, "sockets") == 0) {
		for (int i = 2; i < argc; i++)
			print_sockets(atoi(argv[i]));
		return 0;
	}
	if (strcmp(word, "queued") == 0) {
		queued(atoi(argv[2]));
		return 0;
	}
	if (strcmp(word, "traceable") == 0) {
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* where Yama is */
		run(argv + 2);
	}
	if (strcmp(word, "large") == 0) {
		large();
		run(argv + 2);
	}
	if (strcmp(word, "nonblock") == 0) {
		if (fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) == -1)
			err(1, "fcntl");
		run(argv + 2);
	}
	if (strcmp(word, "hosts") == 0 && argc > 3) {
		hosts(argv[2]);
		run(argv + 3);
	}
	if (strcmp(word, "limit") == 0 && argc > 3) {
		limit((rlim_t)atoi(argv[2]));
		run(argv + 3);
	}
	errx(1, "what? See the opening comment of tests/rules_peer.c");
}
