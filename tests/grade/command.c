/*
 * A process group of its own, because some servers end their workers with kill(0, SIGTERM), and
 * because Ctrl-C in the terminal is for the grader, which ends the program then. No core files: a
 * crash is a finding, and its file would lie about.
 */
#include "tests/grade/command.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/talk.h"

static void clean_surroundings(void)
{
	static const char *const of_make[] = {"MAKEFLAGS",     "MFLAGS",       "MAKELEVEL",
					      "MAKEOVERRIDES", "MAKE_TERMOUT", "MAKE_TERMERR"};
	struct rlimit none = {0, 0};
	sigset_t all;

	for (size_t i = 0; i < sizeof(of_make) / sizeof(of_make[0]); i++)
		unsetenv(of_make[i]);
	setrlimit(RLIMIT_CORE, &none);
	for (int signo = 1; signo < NSIG; signo++)
		signal(signo, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
}

pid_t command_start(const char *text, int in, int out, int err)
{
	pid_t pid = new_process();

	if (pid != 0) {
		setpgid(pid, pid); /* both do it, so that it is done whoever comes first */
		return pid;
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Away from 0 to 2 first, because one of the three may be there. */
	in = fcntl(in, F_DUPFD_CLOEXEC, 10);
	out = fcntl(out, F_DUPFD_CLOEXEC, 10);
	err = fcntl(err, F_DUPFD_CLOEXEC, 10);
	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1 ||
	    dup2(err, STDERR_FILENO) == -1)
		_exit(126);
	clean_surroundings();
	execl("/bin/sh", "sh", "-c", text, (char *)NULL);
	_exit(127);
}

int command_end_signal(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	return WEXITSTATUS(status) > 128 && WEXITSTATUS(status) < 128 + 32
		   ? WEXITSTATUS(status) - 128
		   : 0;
}

const char *signal_name(int signo)
{
	static const struct {
		int signo;
		const char *name;
	} names[] = {{SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},	 {SIGQUIT, "SIGQUIT"},
		     {SIGILL, "SIGILL"},   {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},
		     {SIGFPE, "SIGFPE"},   {SIGKILL, "SIGKILL"}, {SIGSEGV, "SIGSEGV"},
		     {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"},
		     {SIGSYS, "SIGSYS"},   {SIGTRAP, "SIGTRAP"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].signo == signo)
			return names[i].name;
	return "signal";
}

const char *command_end_text(int status)
{
	static char text[64];
	int signo = command_end_signal(status);

	if (signo != 0)
		snprintf(text, sizeof(text), "by signal %d (%s)", signo, signal_name(signo));
	else
		snprintf(text, sizeof(text), "with status %d", WEXITSTATUS(status));
	return text;
}
