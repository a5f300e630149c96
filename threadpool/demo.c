/*
 * The pool by itself: 20 tasks of one second on 3 to 100 threads. The manager looks every second
 * (-s SECONDS), finds many tasks waiting and lets the pool grow; when they are done, it shrinks.
 * Try: -s 10: the manager looks too late, and three threads do all the work.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "threadpool/threadpool.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

#define TASKS 20
#define MIN_THREADS 3

static int64_t start;
static atomic_int done;

static void pause_ms(int ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static double seconds(void)
{
	return (double)(now_ms() - start) / 1000;
}

/* Ends the program when PRINTED, the result of a print to stdout, is an error. */
static void check(int printed)
{
	if (printed < 0)
		perr_exit("write stdout");
}

static void *work(void *arg)
{
	int number = *(int *)arg;

	check(dprintf(1, "%5.2f s  task %2d starts on thread %d\n", seconds(), number, gettid()));
	pause_ms(500);
	check(dprintf(1, "%5.2f s  task %2d works\n", seconds(), number));
	pause_ms(500);
	check(dprintf(1, "%5.2f s  task %2d ends\n", seconds(), number));
	done++;
	return NULL;
}

int main(int argc, char *argv[])
{
	int numbers[TASKS], before = 0, threads;

	options(argc, argv, "[-s SECONDS=1]");
	start = now_ms();
	threadpool_t *pool = threadpool_create(MIN_THREADS, 100, 100);
	if (pool == NULL || threadpool_set_period(pool, (int)(opt.period * 1000)) == -1)
		perr_exit("threadpool_create");

	for (int i = 0; i < TASKS; i++) {
		numbers[i] = i + 1; /* an argument of its own for each */
		if (threadpool_add(pool, work, &numbers[i]) == -1)
			perr_exit("threadpool_add");
	}
	do {
		threads = threadpool_all_threadnum(pool);
		if (threads != before)
			check(dprintf(1, "%5.2f s  %d threads, %d busy\n", seconds(), threads,
				      threadpool_busy_threadnum(pool)));
		before = threads;
		pause_ms(5);
	} while (done < TASKS || threads > MIN_THREADS);
	threadpool_destroy(pool);
	return EXIT_SUCCESS;
}
