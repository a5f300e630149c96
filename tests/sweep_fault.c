/*
 * The thread that answers what the kernel asks. It counts the calls, makes one fail, or several,
 * and keeps what came of it for the main thread, which plays the clients meanwhile.
 */
#include <err.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/notify.h"
#include "tests/sweep_fault.h"
#include "tests/sweep_run.h"
#include "tests/sweep_watch.h"

#define LASTS_MS 60	 /* a lasting fault, from the first failure on */
#define MOST_FAILURES 50 /* in that time; a program that waits 100 ms makes a few */

static pthread_t answerer;
static int listener;
static atomic_int nmade, nfailures;
static pid_t limited; /* LIMITED: the process that has a limit */
static int full;      /* so many descriptors are open there when none is free */
static atomic_bool started, in_first, forks;
static atomic_int victim;	 /* the process that was killed; 0: none */
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
	pid_t process = notify_process(q->tid);
	if (n == f->nth) {
		lasts_until = now_ms() + LASTS_MS;
		limited = process;
		full = watch_descriptors(process);
	}
	if (n < f->nth || !lasts())
		return false;
	return f->error->way == LASTING ||
	       (process == limited && watch_descriptors(process) >= full);
}

static void make_fault(const struct question *q)
{
	in_first = notify_process(q->tid) == run.pid;
	nfailures++;
	if (run.fault.error->way == KILLED) {
		victim = notify_process(q->tid);
		kill(q->tid, SIGKILL);
	} else {
		notify_fail(listener, q, run.fault.error->number);
	}
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

/* ---- What the main thread calls */

void fault_calls(const char *names[MOST_CALLS + 1])
{
	int n = 0;

	if (run.fault.call != NULL)
		names[n++] = run.fault.call->call;
	else
		for (; failing[n].call != NULL; n++)
			names[n] = failing[n].call;
	names[n] = NULL;
}

void fault_start(int from)
{
	listener = from;
	nmade = nfailures = victim = 0;
	lasts_until = 0;
	started = in_first = false;
	if (pthread_create(&answerer, NULL, answer_all, NULL) != 0)
		errx(1, "pthread_create");
}

void fault_join(void)
{
	pthread_join(answerer, NULL);
}

bool fault_happened(void)
{
	return nfailures > 0;
}

bool fault_kills(void)
{
	return run.fault.call != NULL && run.fault.error->way == KILLED;
}

bool fault_killed(void)
{
	return fault_happened() && in_first && run.fault.error->way == KILLED;
}

bool fault_mutes(void)
{
	return fault_happened() && strcmp(run.fault.call->call, "write") == 0;
}

bool fault_lasts(void)
{
	return fault_happened() &&
	       (run.fault.error->way == LASTING || run.fault.error->way == LIMITED);
}

bool fault_insisted(void)
{
	return nfailures > MOST_FAILURES;
}

void fault_wait(void)
{
	while (now_ms() < lasts_until)
		wait_ms(1);
	for (int ms = 0;
	     ms < PATIENCE_MS && victim != 0 && victim != run.pid && kill(victim, 0) == 0; ms++)
		wait_ms(1);
}

int fault_count(const struct failing *call)
{
	return counts[call - failing];
}

bool fault_forks(void)
{
	return forks;
}
