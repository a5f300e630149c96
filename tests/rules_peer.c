/*
 * What the tests of tests/cases/rules.sh need besides tests/peer.c. PID is the server, ERROR is
 * EAGAIN, ECONNABORTED or ENOMEM, CALL is fork (threads too), accept or malloc.
 *
 *   traceable COMMAND…      run it, and let the next one look at its sockets
 *   sockets PID             the options of its and its children's TCP sockets, a line each
 *   full ADDR [FIFO]        a client that never reads and has little room for what comes back: once
 *                           FIFO is opened, send until the server takes no more, say "full"
 *   queued N                wait until N bytes are in the pipe that is stdin
 *   large COMMAND…          run it in a process that has had 64 MiB of memory
 *   limit N COMMAND…        run it with N descriptors at most
 *   unheard COMMAND…        run it with a socket as stderr that is full and that nobody reads
 *   hosts FILE COMMAND…     run it with FILE in place of /etc/hosts
 *   fault CALL ERROR FILE COMMAND…   run it; while FILE is there its CALLs fail with ERROR, and a
 *                           line in FILE tells of each
 *   halves COMMAND…         run it; what it writes to a socket is taken by halves, and every other
 *                           call that may wait for a socket is interrupted
 *   late COMMAND…           run it; SIGTERM comes when it is just about to wait for the first time
 *   taken COMMAND…          run it; SIGTERM comes when it has just accepted its first client
 *   early COMMAND…          run it; SIGTERM comes to each child that has just been forked
 *   orphan COMMAND…         run it; it is killed when its first child has just been forked
 *
 * The last six have the kernel ask a process beside COMMAND before it makes certain system calls:
 * seccomp_unotify(2). That needs no privilege and no guess at times.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wrap/wrap.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#define LARGE_BYTES ((size_t)64 << 20)

static void die(const char *what)
{
	message_exit("%s", what);
}

static void run(char *command[])
{
	execvp(command[0], command);
	perr_exit("%s", command[0]);
}

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
		perr_exit("pidfd_open");
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		int fd = (int)syscall(SYS_pidfd_getfd, pidfd, atoi(entry->d_name), 0);
		if (fd == -1 && errno != EBADF)
			perr_exit("pidfd_getfd");
		if (fd != -1) {
			print_socket(fd);
			close(fd);
		}
	}
	closedir(dir);
	close(pidfd);
}

/* ---- A client */

static void full(const char *addr, const char *gate)
{
	static char block[4096];
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const char *colon = strrchr(addr, ':');
	int least = 1;		 /* the kernel makes more of it */
	int enough = 128 * 1024; /* for a server's largest read */
	int segment = 1460;	 /* the server's kernel keeps room for ten of lo's 64 KiB else */

	if (colon == NULL)
		die("not an address of TCP");
	in.sin_port = htons((uint16_t)atoi(colon + 1));
	struct pollfd p = {.fd = Socket(AF_INET, SOCK_STREAM, 0), .events = POLLOUT};
	setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	setsockopt(p.fd, SOL_SOCKET, SO_SNDBUF, &enough, sizeof(enough));
	setsockopt(p.fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
	Connect(p.fd, (struct sockaddr *)&in, sizeof(in));
	if (gate != NULL && open(gate, O_RDONLY) == -1)
		perr_exit("open");
	while (poll(&p, 1, 200) == 1)
		if (send(p.fd, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL) == -1 &&
		    errno != EAGAIN)
			perr_exit("send");
	dprintf(STDOUT_FILENO, "full\n");
	p.events = 0;
	poll(&p, 1, -1); /* a reset */
}

/* ---- A pipe */

static void queued(int wanted)
{
	int n = 0;

	for (int i = 0; i < 15000 && n < wanted; i++) {
		if (ioctl(STDIN_FILENO, FIONREAD, &n) == -1)
			perr_exit("FIONREAD");
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	if (n < wanted)
		die("the pipe does not fill");
}

/* ---- Where it runs */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd == -1 || write(fd, text, strlen(text)) == -1)
		perr_exit("%s", path);
	close(fd);
}

static void hosts(const char *file)
{
	char map[64];
	unsigned uid = getuid(), gid = getgid();

	if (unshare(CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER)) == -1)
		perr_exit("unshare");
	if (uid != 0) {
		snprintf(map, sizeof(map), "0 %u 1", uid);
		write_file("/proc/self/uid_map", map);
		write_file("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "0 %u 1", gid);
		write_file("/proc/self/gid_map", map);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount(file, "/etc/hosts", NULL, MS_BIND, NULL) == -1)
		perr_exit("mount");
}

static void limit(rlim_t n)
{
	if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = n, .rlim_max = n}) == -1)
		perr_exit("setrlimit");
}

static void large(void)
{
	volatile char *p = malloc(LARGE_BYTES);

	if (p == NULL)
		perr_exit("malloc");
	for (size_t i = 0; i < LARGE_BYTES; i += 1024)
		p[i] = 'x';
}

/* Its other end stays open: COMMAND inherits it. */
static void unheard(void)
{
	static const char text[4096];
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		perr_exit("socketpair");
	while (send(pair[0], text, sizeof(text), MSG_DONTWAIT) > 0)
		;
	while (send(pair[0], text, 1, MSG_DONTWAIT) > 0)
		;
	if (errno != EAGAIN || dup2(pair[0], STDERR_FILENO) == -1)
		perr_exit("unheard");
	Close(pair[0]);
}

/* ---- A word in its system calls */

static const struct call {
	const char *what;
	int number;
} calls[] = {
    {"fork", SYS_clone},
#ifdef SYS_clone3
    {"fork", SYS_clone3},
#endif
#ifdef SYS_fork
    {"fork", SYS_fork},
#endif
    {"accept", SYS_accept}, {"accept", SYS_accept4},	{"malloc", SYS_mmap},
    {"malloc", SYS_brk},    {"halves", SYS_read},	{"halves", SYS_recvfrom},
    {"halves", SYS_write},  {"halves", SYS_sendto},	{"early", SYS_rt_sigaction},
    {"orphan", SYS_prctl},  {"late", SYS_rt_sigaction}, {"late", SYS_rt_sigtimedwait},
    {"late", SYS_recvfrom}, {"late", SYS_recvmsg},	{"taken", SYS_accept},
    {"taken", SYS_accept4}, {"late", SYS_accept},	{"late", SYS_accept4},
    {"late", SYS_pselect6}, {"late", SYS_ppoll},	{"late", SYS_epoll_pwait},
#ifdef SYS_poll
    {"late", SYS_select},   {"late", SYS_poll},		{"late", SYS_epoll_wait},
#endif
};

/* From here on the kernel asks who holds the descriptor that is returned. */
static int asked_about(const char *what)
{
	struct sock_filter filter[2 + 2 * sizeof(calls) / sizeof(calls[0])] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog program = {.filter = filter};
	size_t n = 1;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].what, what) != 0)
			continue;
		filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							   (uint32_t)calls[i].number, 0, 1);
		filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = (unsigned short)n;
	if (n == 2)
		die("no such call");
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* where Yama is */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		perr_exit("prctl");
	/* With the latter flag a signal that comes while we are asked waits for the call's end. */
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER |
			      (what[0] == 't' ? SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0);
	int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	if (fd == -1)
		perr_exit("seccomp");
	return fd;
}

static void send_descriptor(int to, int fd)
{
	char byte = 0;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = "";
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	if (sendmsg(to, &msg, 0) == -1)
		perr_exit("sendmsg");
}

/* -1: the other one has ended without sending it. */
static int receive_descriptor(int from)
{
	char byte;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	int fd = -1;

	if (recvmsg(from, &msg, 0) == 1 && CMSG_FIRSTHDR(&msg) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

/* The number that FORMAT finds in a line of TID's status. proc(5) */
static unsigned long long status(int tid, const char *format)
{
	char path[64], text[256];
	unsigned long long value = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	FILE *f = fopen(path, "r");
	while (f != NULL && fgets(text, sizeof(text), f) != NULL)
		if (sscanf(text, format, &value) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return value;
}

/* Sets SA_RESTART in the action that TID hands to the kernel: see late(). */
static void make_restart(int tid, uint64_t action)
{
	unsigned long flags; /* it follows the handler */
	struct iovec here = {.iov_base = &flags, .iov_len = sizeof(flags)},
		     there = {.iov_base = (void *)(uintptr_t)(action + sizeof(void *)),
			      .iov_len = sizeof(flags)};

	if (action == 0)
		return;
	if (process_vm_readv(tid, &here, 1, &there, 1, 0) == -1)
		perr_exit("process_vm_readv");
	flags |= SA_RESTART;
	if (process_vm_writev(tid, &here, 1, &there, 1, 0) == -1)
		perr_exit("process_vm_writev");
}

/*
 * A signal that comes between a check and the wait: its handler runs while the kernel asks us, and
 * then, because of SA_RESTART, the call is made as if nothing had been. Who holds the signal gets
 * it from the call. Returns whether the call is to be answered.
 */
static bool late(int server, const struct seccomp_notif *ask)
{
	static bool done;

	if (ask->data.nr == SYS_rt_sigaction) {
		if (ask->data.args[0] == SIGTERM)
			make_restart((int)ask->pid, ask->data.args[1]);
		return true;
	}
	if (done || (int)ask->pid != server)
		return true;
	done = true;
	bool answer = status(server, "SigBlk: %llx") >> (SIGTERM - 1) & 1;
	kill(server, SIGTERM);
	return answer;
}

/* SIGTERM comes to SERVER together with its first client. */
static void taken(int server, const struct seccomp_notif *ask)
{
	static bool done;
	struct pollfd p = {.events = POLLIN};

	if (done || (int)ask->pid != server)
		return;
	done = true;
	int pidfd = (int)syscall(SYS_pidfd_open, server, 0);
	p.fd = (int)syscall(SYS_pidfd_getfd, pidfd, (int)ask->data.args[0], 0);
	if (p.fd == -1 || poll(&p, 1, -1) == -1)
		perr_exit("pidfd_getfd");
	kill(server, SIGTERM);
	close(p.fd);
	close(pidfd);
}

/* Makes half of TID's write or send on FD and returns how much that is, or -1. */
static ssize_t half(int tid, int fd, const struct seccomp_data *call)
{
	static char buf[1 << 20];
	size_t n = (size_t)call->args[2] > 1 ? (size_t)call->args[2] / 2 : (size_t)call->args[2];
	struct iovec here = {.iov_base = buf, .iov_len = n < sizeof(buf) ? n : sizeof(buf)},
		     there = {.iov_base = (void *)(uintptr_t)call->args[1],
			      .iov_len = here.iov_len};

	if (process_vm_readv(tid, &here, 1, &there, 1, 0) == -1)
		perr_exit("process_vm_readv");
	return send(fd, buf, here.iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* What the calls of a thread do with its process's sockets. */
static void halves(const struct seccomp_notif *ask, struct seccomp_notif_resp *answer)
{
	static unsigned ncalls;
	const struct seccomp_data *call = &ask->data;
	bool writes = call->nr == SYS_write || call->nr == SYS_sendto;
	bool flags = call->nr == SYS_recvfrom || call->nr == SYS_sendto;
	int process = (int)status((int)ask->pid, "Tgid: %llu"),
	    pidfd = (int)syscall(SYS_pidfd_open, process, 0);
	int fd = (int)syscall(SYS_pidfd_getfd, pidfd, (int)call->args[0], 0);

	if (fd != -1 && option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM) {
		bool waits =
		    !(flags && call->args[3] & MSG_DONTWAIT) && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
		ssize_t n = -1;
		if (waits && ++ncalls % 2 == 1) {
			answer->flags = 0;
			answer->error = -EINTR;
		} else if (writes && (n = half((int)ask->pid, fd, call)) > 0) {
			answer->flags = 0;
			answer->val = n;
		}
	}
	close(fd);
	close(pidfd);
}

static void wait_for_end(int pid)
{
	struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};

	if (p.fd != -1)
		poll(&p, 1, -1);
}

static int error_number(const char *name)
{
	if (strcmp(name, "EAGAIN") == 0)
		return EAGAIN;
	return strcmp(name, "ENOMEM") == 0 ? ENOMEM : ECONNABORTED;
}

/* CHILD of SERVER is about to make its first call. */
static void just_forked(const char *how, int server, int child)
{
	static bool done;

	if (done || child == server)
		return;
	done = true;
	if (how[0] == 'e') {
		kill(child, SIGTERM);
	} else {
		kill(server, SIGKILL);
		wait_for_end(server);
		dprintf(STDOUT_FILENO, "child %d\n", child);
	}
}

/* The call of CALL fails while FILE is there. */
static bool fails(const char *call, const char *file)
{
	int fd = open(file, O_WRONLY | O_APPEND);

	if (fd == -1)
		return false;
	dprintf(fd, "%s\n", call);
	close(fd);
	return true;
}

/* Beside SERVER: answers all that the kernel asks, until those that it asks about have ended. */
static void answer_all(int fd, int server, char *argv[])
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	const char *how = argv[1];

	while (poll(&p, 1, -1) == 1 && p.revents & POLLIN) {
		struct seccomp_notif ask = {0};
		struct seccomp_notif_resp answer = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
		bool answered = true;
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &ask) == -1)
			continue; /* a signal has interrupted the call */
		if (how[0] == 'l') {
			answered = late(server, &ask);
		} else if (how[0] == 'h') {
			halves(&ask, &answer);
		} else if (how[0] == 't') {
			taken(server, &ask);
		} else if (how[0] != 'f') {
			just_forked(how, server, (int)ask.pid);
		} else if (fails(argv[2], argv[4])) {
			answer.flags = 0;
			if (ask.data.nr != SYS_brk) /* which says so by another result */
				answer.error = -error_number(argv[3]);
		}
		answer.id = ask.id;
		if (answered)
			ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

/* Runs COMMAND, with somebody beside it who answers as ARGV says. */
static void run_with_answers(const char *call, char *argv[], char *command[])
{
	int ends[2], server = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
		perr_exit("socketpair");
	pid_t pid = fork();
	if (pid == -1)
		perr_exit("fork");
	if (pid == 0) {
		if (fork() != 0) /* COMMAND shall have no child that it does not know of */
			_exit(0);
		close(ends[1]);
		int fd = receive_descriptor(ends[0]);
		if (fd != -1)
			answer_all(fd, server, argv);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	int fd = asked_about(call);
	send_descriptor(ends[1], fd);
	close(fd);
	run(command);
}

int main(int argc, char *argv[])
{
	const char *how = argc > 2 ? argv[1] : "";

	if (strcmp(how, "sockets") == 0) {
		for (int i = 2; i < argc; i++)
			print_sockets(atoi(argv[i]));
		return 0;
	}
	if (strcmp(how, "full") == 0) {
		full(argv[2], argv[3]);
		return 0;
	}
	if (strcmp(how, "queued") == 0) {
		queued(atoi(argv[2]));
		return 0;
	}
	if (strcmp(how, "traceable") == 0) {
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* where Yama is */
		run(argv + 2);
	}
	if (strcmp(how, "large") == 0) {
		large();
		run(argv + 2);
	}
	if (strcmp(how, "unheard") == 0) {
		unheard();
		run(argv + 2);
	}
	if (strcmp(how, "hosts") == 0 && argc > 3) {
		hosts(argv[2]);
		run(argv + 3);
	}
	if (strcmp(how, "limit") == 0 && argc > 3) {
		limit((rlim_t)atoi(argv[2]));
		run(argv + 3);
	}
	if (strcmp(how, "fault") == 0 && argc > 5)
		run_with_answers(argv[2], argv, argv + 5);
	if (strcmp(how, "halves") == 0 || strcmp(how, "taken") == 0 || strcmp(how, "late") == 0 ||
	    strcmp(how, "early") == 0 || strcmp(how, "orphan") == 0)
		run_with_answers(how, argv, argv + 2);
	die("what? The opening comment of tests/rules_peer.c tells");
}
