/*
 * No child outlives its parent: the parent remembers the children that it has not waited for and
 * kills them at the end; if the parent itself is killed, the kernel kills them.
 */
#include "mpserver/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wrap/server.h"

#define PAUSE_MS 100 /* children that end at once are not replaced without a pause */

static pid_t *pids; /* the children that nobody has waited for yet */
static volatile sig_atomic_t npids;

pid_t fork_child(void)
{
	pid_t parent = getpid(), pid = -1;
	sigset_t all, old;

	/* Block all signals until the child is set up and the parent has remembered it: a handler
	 * that ran earlier would shut down lfd in the child, or miss the child in the parent. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	share_with_children();
	pid_t *more = realloc(pids, ((size_t)npids + 1) * sizeof(*pids));
	if (more != NULL) {
		pids = more;
		pid = fork();
	}
	if (pid == 0) {
		/* Reset the handlers: a server's would shut down lfd, which all processes share. */
		signal(SIGTERM, SIG_DFL);
		if (signal(SIGINT, SIG_DFL) == SIG_IGN)
			signal(SIGINT, SIG_IGN); /* stays ignored, as in a script's "program &" */
		signal(SIGCHLD, SIG_DFL);
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
			_exit(EXIT_FAILURE);
		/* The parent may have ended before prctl. 0: it is in another PID namespace. */
		if (getppid() != parent && getppid() != 0)
			_exit(EXIT_FAILURE);
		sigemptyset(&old);
	} else if (pid > 0) {
		pids[npids++] = pid;
		if (npids + 1 > peak_processes) /* + 1: the parent */
			peak_processes = npids + 1;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

static bool reap(int flags)
{
	int err = errno; /* a signal handler must not change errno */
	pid_t pid = waitpid(-1, NULL, flags);

	for (int i = 0; i < npids; i++)
		if (pids[i] == pid)
			pids[i] = pids[--npids];
	errno = err;
	return pid > 0;
}

bool reap_child(void)
{
	return reap(WNOHANG);
}

static void wake(int signo)
{
	(void)signo; /* only a signal that has a handler ends a wait */
}

void block_sigchld(void)
{
	sigset_t blocked;

	signal(SIGCHLD, wake);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
}

bool needs_child(int n)
{
	static int64_t last; /* when it last returned true */

	block_sigchld();
	while (!stopping()) {
		while (reap_child())
			;
		if (npids < n) {
			if (now_ms() - last < PAUSE_MS)
				poll(NULL, 0, PAUSE_MS);
			last = now_ms();
			return true;
		}
		wait_for_stop(-1);
	}
	return false;
}

static int writing;

static void on_end_of_child(int signo)
{
	int err = errno;

	(void)signo;
	shutdown(writing, SHUT_WR);
	errno = err;
}

void shutdown_after_child(int fd)
{
	writing = fd;
	signal(SIGCHLD, on_end_of_child);
}

void kill_children(void)
{
	block_sigchld(); /* from here on no handler reaps */
	for (int i = 0; i < npids; i++)
		kill(pids[i], SIGKILL); /* SIGTERM would not end a stopped child */
	/* Wait for these only: a program that exec'ed this one may have left other children. */
	while (npids > 0 && reap(0))
		;
	free(pids);
	pids = NULL;
}
