/*
 * A run: fork, install the filter of tests/notify.h, send its listener to the sweep, exec. The
 * program has a process group of its own, and orphans of it become children of the sweep, so that
 * none of its processes is missed.
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/notify.h"
#include "tests/sweep_fault.h"
#include "tests/sweep_run.h"

struct run run;

/* ---- Start and end */

/* In the child. The filter comes last, so that no call of ours is asked about but exec's. */
static void become_program(char *const argv[], const int fds[3], int to_sweep)
{
	const char *names[MOST_CALLS + 1];

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* it must not outlive the sweep */
	setpgid(0, 0);			  /* so that its processes are known: run_clean_up */
	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	fault_calls(names);
	int fd = notify_about(names, false);
	notify_send(to_sweep, fd);
	execv(argv[0], argv);
	_exit(126);
}

void run_start(char *const argv[], int input, const struct fault *fault)
{
	int out[2], complaints[2], ends[2];

	memset(&run, 0, sizeof(run));
	run.fault = *fault;
	if (input == -1)
		input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (input == -1 || pipe2(out, O_CLOEXEC) == -1 || pipe2(complaints, O_CLOEXEC) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
		err(1, "pipe");
	run.pid = fork();
	if (run.pid == -1)
		err(1, "fork");
	if (run.pid == 0)
		become_program(argv, (int[]){input, out[1], complaints[1]}, ends[1]);
	close(input);
	close(out[1]);
	close(complaints[1]);
	close(ends[1]);
	run.out = out[0];
	run.err = complaints[0];
	fcntl(run.out, F_SETFL, O_NONBLOCK);
	fcntl(run.err, F_SETFL, O_NONBLOCK);
	run.pidfd = (int)syscall(SYS_pidfd_open, run.pid, 0);
	int listener = notify_receive(ends[0]);
	close(ends[0]);
	if (listener == -1 || run.pidfd == -1)
		errx(1, "%s does not start: %s", argv[0], run_complaints());
	fault_start(listener);
}

bool run_ends(int ms)
{
	struct pollfd p = {.fd = run.pidfd, .events = POLLIN};

	if (!run.ended && poll(&p, 1, ms) == 1) {
		waitpid(run.pid, &run.status, 0);
		run.ended = true;
	}
	return run.ended;
}

bool run_clean_up(void)
{
	bool left = false;

	if (!run_ends(0)) {
		kill(run.pid, SIGKILL);
		run_ends(-1);
	}
	for (int ms = 0; waitpid(-run.pid, NULL, WNOHANG) != -1; ms++) {
		if (ms == PATIENCE_MS)
			left = kill(-run.pid, SIGKILL) == 0;
		poll(NULL, 0, 1);
	}
	fault_join();
	run_output();
	run_complaints();
	close(run.out);
	close(run.err);
	close(run.pidfd);
	run.out = run.err = run.pidfd = -1;
	return left;
}

/* ---- What it prints */

static const char *listen_to(int fd, char *text, size_t size)
{
	size_t len = strlen(text);
	ssize_t n;

	while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		text[len += (size_t)n] = '\0';
	return text;
}

const char *run_output(void)
{
	return listen_to(run.out, run.output, sizeof(run.output));
}

const char *run_complaints(void)
{
	return listen_to(run.err, run.complaints, sizeof(run.complaints));
}

/* ---- Whether all that can be done here */

static void skip(const char *why)
{
	printf("skipped: %s\n", why);
	exit(77);
}

void run_prepare(void)
{
	int status = 0, hold[2];

	signal(SIGPIPE, SIG_IGN); /* a program may end before it has read what we write to it */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1)
		skip("orphans cannot be seen: no PR_SET_CHILD_SUBREAPER");
	if (pipe2(hold, O_CLOEXEC) == -1)
		err(1, "pipe");
	pid_t pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid == 0) {
		close(hold[1]);
		notify_about((const char *const[]){"socket", NULL}, false);
		_exit(read(hold[0], &status, 1) != 0); /* until we have tried the next: */
	}
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int copy = (int)syscall(SYS_pidfd_getfd, pidfd, STDIN_FILENO, 0);
	close(hold[0]);
	close(hold[1]);
	waitpid(pid, &status, 0);
	if (status != 0)
		skip("the kernel does not ask about system calls: no seccomp notifications");
	if (copy == -1)
		skip("no descriptors of others: no pidfd_getfd, or it is forbidden");
	close(copy);
	close(pidfd);
}
