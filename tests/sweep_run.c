/*
 * A run: fork, install the filter of tests/notify.h, send its listener to the sweep, exec. A thread
 * of the sweep answers what the kernel asks, and there the fault is made; the main thread plays the
 * clients meanwhile. Orphans of the program become children of the sweep, so that none is missed.
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/notify.h"
#include "tests/sweep_run.h"
#include "tests/sweep_watch.h"

#define LASTS_MS 60	 /* a lasting fault, from the first failure on */
#define MOST_FAILURES 50 /* in that time; a program that waits 100 ms makes a few */
#define MOST_CALLS 64	 /* lines of the table of errors */

struct run run;

/* What the answering thread tells. */
static pthread_t answerer;
static int listener;
static atomic_int nmade, nfailures;
static int full; /* LIMITED: so many descriptors are open when none is free */
static atomic_bool started, in_first, forks;
static atomic_llong lasts_until; /* in milliseconds; 0: not begun */
static atomic_int counts[MOST_CALLS];

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void wait_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* ---- The thread that answers */

/*
 * Whether the C library's loader makes the call, before main: it ends in ways of its own. Only
 * glibc's is a file of its own. proc(5), /proc/PID/maps
 */
static bool in_loader(const struct question *q)
{
	char path[64], line[512];
	unsigned long long from, to;
	bool found = false;

	if (q->tid != run.pid || started)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)q->tid);
	FILE *f = fopen(path, "re");
	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found =
		    sscanf(line, "%llx-%llx", &from, &to) == 2 && q->code >= from && q->code < to;
	if (f != NULL)
		fclose(f);
	started = !found || (strstr(line, "/ld-linux") == NULL && strstr(line, "/ld64") == NULL);
	return !started;
}

/* In a run without a fault. */
static void count(const struct question *q)
{
	for (int i = 0; failing[i].call != NULL; i++)
		if (strcmp(failing[i].call, q->call) == 0)
			counts[i]++;
	if (q->tid != run.pid && !forks && notify_process(q->tid) != run.pid)
		forks = true;
}

/* While a fault lasts; a program that insists is not tried for longer. */
static bool lasts(void)
{
	return now_ms() < lasts_until && nfailures <= MOST_FAILURES;
}

/*
 * Whether this is the call, or one of the calls, that the fault is for. LIMITED stands for a limit
 * of descriptors: a server may give up a reserve, accept a client, turn it away, and so on.
 */
static bool hit(const struct question *q)
{
	const struct fault *f = &run.fault;

	if (!can_fail(q->call, f->error, q->args))
		return false;
	int n = ++nmade;
	if (f->error->way == ONCE || f->error->way == KILLED)
		return n == f->nth;
	if (n == f->nth) {
		lasts_until = now_ms() + LASTS_MS;
		full = watch_descriptors(notify_process(q->tid));
	}
	if (n < f->nth || !lasts())
		return false;
	return f->error->way == LASTING || watch_descriptors(notify_process(q->tid)) >= full;
}

static void make_fault(const struct question *q)
{
	in_first = notify_process(q->tid) == run.pid;
	nfailures++;
	if (run.fault.error->way == KILLED)
		kill(q->tid, SIGKILL);
	else
		notify_fail(listener, q, run.fault.error->number);
}

static void answer(const struct question *q)
{
	bool ours = !in_loader(q);

	if (ours && run.fault.call == NULL)
		count(q);
	if (ours && run.fault.call != NULL && hit(q))
		make_fault(q);
	else
		notify_go_on(listener, q);
}

static void *answer_all(void *arg)
{
	struct question q;

	while (notify_next(listener, &q))
		answer(&q);
	close(listener);
	return arg;
}

/* ---- Start and end */

/* The calls that the kernel has to ask about. */
static void choose(const char *names[MOST_CALLS + 1])
{
	int n = 0;

	if (run.fault.call != NULL)
		names[n++] = run.fault.call->call;
	else
		for (; failing[n].call != NULL; n++)
			names[n] = failing[n].call;
	names[n] = NULL;
}

/* In the child. The filter comes last, so that no call of ours is asked about but exec's. */
static void become_program(char *const argv[], const int fds[3], int to_sweep)
{
	const char *names[MOST_CALLS + 1];

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* it must not outlive the sweep */
	setpgid(0, 0);			  /* so that its processes are known: run_clean_up */
	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	choose(names);
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
	nmade = nfailures = 0;
	lasts_until = 0;
	started = in_first = false;
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
	listener = notify_receive(ends[0]);
	close(ends[0]);
	if (listener == -1 || run.pidfd == -1)
		errx(1, "%s does not start: %s", argv[0], run_complaints());
	if (pthread_create(&answerer, NULL, answer_all, NULL) != 0)
		errx(1, "pthread_create");
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

/* Its process group has no other processes. Orphans of it have become our children. */
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
		wait_ms(1);
	}
	pthread_join(answerer, NULL);
	run_output();
	run_complaints();
	close(run.out);
	close(run.err);
	close(run.pidfd);
	run.out = run.err = run.pidfd = -1;
	return left;
}

bool run_failed(void)
{
	return nfailures > 0;
}

bool run_killed(void)
{
	return run_failed() && in_first && run.fault.error->way == KILLED;
}

bool run_cannot_print(void)
{
	return run_failed() && strcmp(run.fault.call->call, "write") == 0;
}

bool run_lasts(void)
{
	return run_failed() && (run.fault.error->way == LASTING || run.fault.error->way == LIMITED);
}

bool run_insists(void)
{
	return nfailures > MOST_FAILURES;
}

void run_wait_for_fault(void)
{
	while (now_ms() < lasts_until)
		wait_ms(1);
}

int run_count(const struct failing *call)
{
	return counts[call - failing];
}

bool run_forks(void)
{
	return forks;
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
