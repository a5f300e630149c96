/*
 * Faults at chosen moments: see faults.h. Each word names the calls that the kernel asks about, and
 * a function that answers one question.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults.h"
#include "tests/notify.h"

static int listener;  /* where the kernel asks */
static pid_t server;  /* the process of COMMAND */
static char **words;  /* the command line from the word on */
static bool happened; /* what is to happen once */

/* ---- fault */

/* Whether the call fails: FILE is there, and gets a line with the name of CALL. */
static bool fails(const char *call, const char *file)
{
	int fd = open(file, O_WRONLY | O_APPEND);

	if (fd == -1)
		return false;
	dprintf(fd, "%s\n", call);
	close(fd);
	return true;
}

static int error_number(const char *name)
{
	static const struct error {
		const char *name;
		int number;
	} errors[] = {{"EAGAIN", EAGAIN}, {"ENOMEM", ENOMEM}, {"ECONNABORTED", ECONNABORTED},
		      {"ENOSYS", ENOSYS}, {"EPERM", EPERM},   {"EINVAL", EINVAL}};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(name, errors[i].name) == 0)
			return errors[i].number;
	errx(2, "unknown error '%s'", name);
}

static void fault(const struct question *q)
{
	if (fails(words[1], words[3]))
		notify_fail(listener, q, error_number(words[2]));
	else
		notify_go_on(listener, q);
}

/* ---- halves */

/* Sends half of what the call Q would, and returns how much that is, or -1. */
static ssize_t half(int fd, const struct question *q)
{
	static char buf[1 << 20];
	size_t n = (size_t)q->args[2] > 1 ? (size_t)q->args[2] / 2 : (size_t)q->args[2];

	if (n > sizeof(buf))
		n = sizeof(buf);
	if (!notify_read(q->tid, q->args[1], buf, n))
		err(1, "process_vm_readv");
	return send(fd, buf, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool is_stream(int fd)
{
	int type = -1;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

/* A copy of FD of a process; -1: there is none. pidfd_open(2), pidfd_getfd(2) */
static int descriptor_of(pid_t process, int fd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, process, 0),
	    copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	close(pidfd);
	return copy;
}

/* Whether Q may have to wait for the socket FD. */
static bool waits(int fd, const struct question *q, bool has_flags)
{
	return !(has_flags && q->args[3] & MSG_DONTWAIT) && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static void halves(const struct question *q)
{
	static unsigned nwaiting;
	bool sends = strcmp(q->call, "send") == 0;
	bool writes = sends || strcmp(q->call, "write") == 0;
	bool has_flags = sends || strcmp(q->call, "recv") == 0;
	int fd = descriptor_of(notify_process(q->tid), (int)q->args[0]);
	bool stream = fd != -1 && is_stream(fd);
	bool interrupts = stream && waits(fd, q, has_flags) && ++nwaiting % 2 == 1;
	ssize_t n = stream && writes && !interrupts ? half(fd, q) : -1;

	close(fd); /* before the answer, or our copy would keep open what the server closes next */
	if (interrupts)
		notify_fail(listener, q, EINTR);
	else if (n > 0)
		notify_return(listener, q, n);
	else
		notify_go_on(listener, q);
}

/* ---- late, taken */

static bool blocks_sigterm(pid_t pid)
{
	char path[64], text[256];
	unsigned long long blocked = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "re");
	while (f != NULL && fgets(text, sizeof(text), f) != NULL)
		if (sscanf(text, "SigBlk: %llx", &blocked) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return blocked >> (SIGTERM - 1) & 1;
}

/* Sets SA_RESTART in the action, at ADDRESS of thread TID, that the kernel is about to read. */
static void make_restart(pid_t tid, uint64_t address)
{
	unsigned long flags; /* the kernel's struct has them behind the handler */
	uint64_t where = address + sizeof(void *);
	struct iovec here = {.iov_base = &flags, .iov_len = sizeof(flags)},
		     there = {.iov_base = (void *)(uintptr_t)where, .iov_len = sizeof(flags)};

	if (address == 0)
		return;
	if (!notify_read(tid, where, &flags, sizeof(flags)))
		err(1, "process_vm_readv");
	flags |= SA_RESTART;
	if (process_vm_writev(tid, &here, 1, &there, 1, 0) == -1)
		err(1, "process_vm_writev");
}

/*
 * SIGTERM comes between a check and the wait: its handler runs while the kernel asks us. Because of
 * SA_RESTART the call is then made as if nothing had been, and the kernel asks again. So there is
 * nothing to answer the first time, unless the program blocks the signal and gets it from the call.
 */
static void late(const struct question *q)
{
	bool answers = true;

	if (strcmp(q->call, "sigaction") == 0) {
		if (q->args[0] == SIGTERM)
			make_restart(q->tid, q->args[1]);
	} else if (!happened && q->tid == server) {
		happened = true;
		answers = blocks_sigterm(server);
		kill(server, SIGTERM);
	}
	if (answers)
		notify_go_on(listener, q);
}

/* SIGTERM comes together with the first client: sent while accept has not been made yet. */
static void taken(const struct question *q)
{
	struct pollfd p = {.events = POLLIN};

	if (!happened && q->tid == server) {
		happened = true;
		p.fd = descriptor_of(server, (int)q->args[0]);
		if (p.fd == -1 || poll(&p, 1, -1) == -1)
			err(1, "pidfd_getfd");
		close(p.fd);
		kill(server, SIGTERM);
	}
	notify_go_on(listener, q);
}

/* ---- bound */

/* After bind the program looks at the new file. While it asks to, a signal ends it if it may. */
static void bound(const struct question *q)
{
	static bool has_bound;

	if (strcmp(q->call, "bind") == 0) {
		has_bound = true;
	} else if (has_bound && !happened) {
		happened = true;
		kill(server, SIGTERM);
	}
	notify_go_on(listener, q);
}

/* ---- rival */

static void rival(const struct question *q)
{
	struct pollfd p = {.events = POLLIN};

	if (access(words[1], F_OK) == 0) {
		p.fd = descriptor_of(server, (int)q->args[0]);
		if (p.fd == -1 || poll(&p, 1, 0) == -1)
			err(1, "pidfd_getfd");
		if (p.revents & POLLIN)
			close(accept(p.fd, NULL, NULL));
		close(p.fd);
	}
	notify_go_on(listener, q);
}

/* ---- early, orphan: a child of the server is about to make its first call of that kind */

static void early(const struct question *q)
{
	if (!happened && q->tid != server) {
		happened = true;
		kill(q->tid, SIGTERM);
	}
	notify_go_on(listener, q);
}

static void wait_for_end(pid_t pid)
{
	struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};

	if (p.fd != -1)
		poll(&p, 1, -1);
	close(p.fd);
}

static void orphan(const struct question *q)
{
	if (!happened && q->tid != server) {
		happened = true;
		kill(server, SIGKILL);
		wait_for_end(server);
		dprintf(STDOUT_FILENO, "child %d\n", (int)q->tid);
	}
	notify_go_on(listener, q);
}

/* ---- The words, and how a command is run with one of them */

#define MOST_CALLS 9

static const struct word {
	const char *word, *what; /* WHAT: the word behind it, if that makes a difference */
	int command;		 /* how many words are before COMMAND */
	void (*answer)(const struct question *q);
	const char *calls[MOST_CALLS]; /* and a NULL */
} table[] = {
    {"fault", "fork", 4, fault, {"clone"}},
    {"fault", "epoll_create", 4, fault, {"epoll_create"}},
    {"fault", "accept", 4, fault, {"accept"}},
    {"fault", "malloc", 4, fault, {"mmap", "brk"}},
    {"fault", "io_uring", 4, fault, {"io_uring_setup"}},
    {"halves", NULL, 1, halves, {"read", "recv", "write", "send"}},
    {"late",
     NULL,
     1,
     late,
     {"sigaction", "sigtimedwait", "recv", "recvmsg", "accept", "select", "poll", "epoll_wait",
      "io_uring_enter"}},
    {"taken", NULL, 1, taken, {"accept"}},
    {"bound", NULL, 1, bound, {"bind", "stat"}},
    {"rival", NULL, 2, rival, {"accept"}},
    {"early", NULL, 1, early, {"sigaction"}},
    {"orphan", NULL, 1, orphan, {"prctl"}},
};

static const struct word *find(int argc, char *argv[])
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (argc > 1 + table[i].command && strcmp(table[i].word, argv[1]) == 0 &&
		    (table[i].what == NULL || strcmp(table[i].what, argv[2]) == 0))
			return &table[i];
	return NULL;
}

/* The grandchild answers: COMMAND must not have a child that it does not know of. */
static void answer_beside(const struct word *w, int ends[2])
{
	struct question q;

	if (fork() != 0)
		_exit(0);
	close(ends[1]);
	listener = notify_receive(ends[0]);
	while (listener != -1 && notify_next(listener, &q))
		w->answer(&q);
	_exit(0);
}

void faults(int argc, char *argv[])
{
	const struct word *w = find(argc, argv);
	int ends[2];

	if (w == NULL)
		return;
	words = argv + 1;
	server = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
		err(1, "socketpair");
	pid_t pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid == 0)
		answer_beside(w, ends);
	waitpid(pid, NULL, 0);
	int fd = notify_about(w->calls, w->answer == taken);
	notify_send(ends[1], fd);
	close(fd);
	execvp(words[w->command], words + w->command);
	err(1, "%s", words[w->command]);
}
