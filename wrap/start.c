/*
 * A clean start. A program inherits more than its arguments: open descriptors, ignored and blocked
 * signals, the flags of its terminal. This makes it behave the same, whoever has started it.
 */
#include "wrap/start.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Another program that shares this stdin may have made it non-blocking. The flag belongs to the
 * open file, not to the descriptor, so a pipe or terminal is opened again: that gives one that
 * blocks.
 */
static void block_in_stdin(void)
{
	struct stat st;

	if ((fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK) == 0 || fstat(STDIN_FILENO, &st) == -1 ||
	    !(S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		return;
	int fd = open("/proc/self/fd/0", O_RDONLY | O_NOCTTY);
	if (fd == -1)
		return;
	dup2(fd, STDIN_FILENO);
	close(fd);
}

static void end_by_signal(int signo)
{
	_exit(128 + signo); /* as a shell reports a program that a signal ended */
}

void start_cleanly(void)
{
	const int ending[] = {SIGHUP, SIGINT, SIGTERM};
	sigset_t none;
	int fd;

	/* Fill 0 to 2: a socket that got the number of a closed stdin would be taken for it. */
	while ((fd = open("/dev/null", O_RDONLY)) != -1 && fd <= STDERR_FILENO)
		;
	close(fd);
	block_in_stdin();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Process 1, the first in a container, would never see a signal that has no handler. */
	for (int i = 0; getpid() == 1 && i < 3; i++)
		if (signal(ending[i], end_by_signal) == SIG_IGN)
			signal(ending[i], SIG_IGN);
}
