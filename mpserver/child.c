#include "mpserver/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "wrap/run.h"

/* Those not waited for: touched by SIGCHLD's handler, and elsewhere with SIGCHLD held. */
static pid_t *pids;
static volatile sig_atomic_t npids;

pid_t Fork(void)
{
	pid_t parent = getpid(), pid = -1;
	sigset_t all, old;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid_t *more = realloc(pids, ((size_t)npids + 1) * sizeof(*pids));
	if (more != NULL) {
		pids = more;
		pid = fork();
	}
	if (pid == 0) {
		signal(SIGINT, SIG_DFL); /* the handler would shut down what all of them share */
		signal(SIGTERM, SIG_DFL);
		signal(SIGCHLD, SIG_DFL);
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
			_exit(EXIT_FAILURE); /* the parent ended before that took hold */
		sigemptyset(&old); /* a crew's parent holds its signals; the child shall not */
	} else if (pid > 0) {
		pids[npids++] = pid;
		if (most_processes <= npids)
			most_processes = npids + 1;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

pid_t Waitpid(pid_t pid, int *status, int flags)
{
	int err = errno;
	pid_t ended = waitpid(pid, status, flags);

	for (int i = 0; i < npids; i++)
		if (pids[i] == ended)
			pids[i] = pids[--npids]; /* no longer ours to signal */
	errno = err;
	return ended;
}

static void wake(int signo)
{
	(void)signo; /* that there is a handler ends the wait */
}

void hold_sigchld(void)
{
	sigset_t held;

	signal(SIGCHLD, wake);
	sigemptyset(&held);
	sigaddset(&held, SIGCHLD);
	sigprocmask(SIG_BLOCK, &held, NULL);
}

int children_end(void)
{
	hold_sigchld(); /* from here on only this function waits for children */
	for (int i = 0; i < npids; i++)
		kill(pids[i], SIGKILL); /* SIGTERM would wait for one that is stopped */
	while (npids > 0 && Waitpid(-1, NULL, 0) > 0)
		;
	free(pids);
	pids = NULL;
	return server_end();
}
