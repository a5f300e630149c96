/*
 * The pool against each sentence of its header. unit_threadpool [TASKS [-]]: how many tiny tasks
 * the longest test runs (1,000,000); "-" is for valgrind, to which a thread that can't be started
 * is an error, and which is so slow that the manager must look less often.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/talk.h"
#include "threadpool/threadpool.h"

#define BOUND_MS 20000
#define MANY 60 /* tasks that are enough to let a pool of 3 to 30 grow to the full */

static int ntasks = 1000000;
static int look_ms = 100; /* how often the manager looks where its steps are watched */

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

/* Waits, with a bound, until CONDITION holds. */
#define AWAIT(condition)                                                                 \
	for (int64_t bound = clock_ms() + BOUND_MS; !(condition) && clock_ms() < bound;) \
	nap()

/* The threads of this process, as the kernel counts them. */
static int threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	int n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 2;
}

static int threads_at_start;

/* The kernel takes a joined thread out of /proc a moment after it lets the join go on. */
static void expect_no_thread_left(const char *what)
{
	AWAIT(threads() == threads_at_start);
	expect(what, threads_at_start, threads());
}

/* Tasks that wait until the gate is open. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static int passes;
static atomic_int entered, done;

static void *gated(void *arg)
{
	entered++;
	pthread_mutex_lock(&lock);
	while (passes == 0)
		pthread_cond_wait(&opened, &lock);
	passes--;
	pthread_mutex_unlock(&lock);
	done++;
	return arg;
}

/* Lets N tasks pass. */
static void let_pass(int n)
{
	pthread_mutex_lock(&lock);
	passes += n;
	pthread_cond_broadcast(&opened);
	pthread_mutex_unlock(&lock);
}

static void *quick(void *arg)
{
	(void)arg;
	done++;
	return NULL;
}

static void add_many(threadpool_t *pool, void *(*function)(void *), int n)
{
	for (int i = 0; i < n; i++)
		if (threadpool_add(pool, function, NULL) != 0)
			expect("a task that is accepted", 0, errno);
}

/* What another thread does: one call, which blocks. */
struct call {
	threadpool_t *pool;
	void *(*function)(void *);
	pthread_t thread;
	_Atomic pid_t tid;
	atomic_bool returned;
	int result, err;
};

static void *adding(void *arg)
{
	struct call *c = arg;

	c->tid = gettid();
	c->result = threadpool_add(c->pool, c->function, NULL);
	c->err = errno;
	c->returned = true;
	return NULL;
}

static void *destroying(void *arg)
{
	struct call *c = arg;

	c->tid = gettid();
	c->result = threadpool_destroy(c->pool);
	c->returned = true;
	return NULL;
}

static void begin(struct call *c, void *(*how)(void *), threadpool_t *pool)
{
	*c = (struct call){.pool = pool, .function = quick};
	pthread_create(&c->thread, NULL, how, c);
}

/* Whether the thread sleeps in the kernel, as one that waits for a condition does. */
static bool sleeps(struct call *c)
{
	char state;
	int parent;

	return c->tid != 0 && process_state(c->tid, &state, &parent) && state == 'S';
}

static void bad_arguments(void)
{
	static const int bad[][3] = {{0, 0, 0}, {0, 1, 1},  {1, 0, 1},	{1, 1, 0},
				     {8, 2, 1}, {-1, 1, 1}, {1, -1, 1}, {1, 1, -1}};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		threadpool_t *pool = threadpool_create(bad[i][0], bad[i][1], bad[i][2]);
		expect("bad arguments give NULL", true, pool == NULL);
		expect("and EINVAL", EINVAL, errno);
	}
	threadpool_t *pool = threadpool_create(1, 1, 1);
	errno = 0;
	expect("no function", -1, threadpool_add(pool, NULL, NULL));
	expect("no function: EINVAL", EINVAL, errno);
	errno = 0;
	expect("no period", -1, threadpool_set_period(pool, 0));
	expect("no period: EINVAL", EINVAL, errno);
	threadpool_destroy(pool);
	errno = 0;
	expect("no pool", -1, threadpool_destroy(NULL));
	expect("no pool: EINVAL", EINVAL, errno);
	expect_no_thread_left("bad arguments leave no thread");
}

static void counts(void)
{
	threadpool_t *pool = threadpool_create(3, 100, 100);

	expect("it starts with min threads", 3, threadpool_all_threadnum(pool));
	expect("really", threads_at_start + 3 + 1, threads());
	expect("none is busy", 0, threadpool_busy_threadnum(pool));
	done = entered = 0;
	add_many(pool, gated, 2);
	AWAIT(entered == 2);
	expect("two are busy", 2, threadpool_busy_threadnum(pool));
	let_pass(2);
	AWAIT(threadpool_busy_threadnum(pool) == 0);
	expect("none is busy again", 0, threadpool_busy_threadnum(pool));
	threadpool_destroy(pool);
}

/* Tasks run in the order in which they came. The pool must not free arguments: these can't be. */
static int order[1000], norder;

static void *note(void *arg)
{
	order[norder++] = *(int *)arg;
	return NULL;
}

static void arguments(void)
{
	threadpool_t *pool = threadpool_create(1, 1, 10);
	int numbers[1000], right = 0;

	for (int i = 0; i < 1000; i++) {
		numbers[i] = i;
		threadpool_add(pool, note, &numbers[i]);
	}
	threadpool_destroy(pool);
	for (int i = 0; i < norder; i++)
		right += order[i] == i;
	expect("each task has its argument, in order", 1000, right);
}

static void full_queue(void)
{
	threadpool_t *pool = threadpool_create(1, 1, 2);
	struct call adder;

	done = entered = 0;
	add_many(pool, gated, 1);
	AWAIT(entered == 1);
	add_many(pool, gated, 2);
	begin(&adder, adding, pool);
	AWAIT(adder.returned || sleeps(&adder));
	expect("add blocks while the queue is full", false, adder.returned);
	let_pass(1);
	AWAIT(adder.returned);
	expect("and goes on when there is room", true, adder.returned);
	pthread_join(adder.thread, NULL);
	expect("with the task accepted", 0, adder.result);
	let_pass(2);
	threadpool_destroy(pool);
	expect("all ran", 4, done);
}

static void destroy_idle(void)
{
	threadpool_t *pool = threadpool_create(10, 100, 100);
	int64_t start = clock_ms();

	expect("destroy says 0", 0, threadpool_destroy(pool));
	int64_t took = clock_ms() - start;
	expect("an idle pool is gone at once, not at the next look", true, took < 2000);
	expect_no_thread_left("with all its threads");
}

/* Pages of address space: a thread that ended and was not joined keeps its stack, 8 MiB. */
static long pages(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long n = 0;

	if (f == NULL || fscanf(f, "%ld", &n) != 1)
		expect("statm", 1, 0);
	if (f != NULL)
		fclose(f);
	return n;
}

static void all_joined(void)
{
	destroy_idle(); /* glibc keeps a few stacks, once */
	long before = pages();
	for (int i = 0; i < 50; i++)
		threadpool_destroy(threadpool_create(10, 10, 1));
	expect("500 threads were joined", true, pages() - before < 50 * 2048);
}

static void destroy_drains(void)
{
	threadpool_t *pool = threadpool_create(2, 4, 50);

	done = 0;
	add_many(pool, quick, 50);
	threadpool_destroy(pool);
	expect("destroy lets all that were accepted finish", 50, done);
}

static void destroy_full(void)
{
	threadpool_t *pool = threadpool_create(2, 2, 3);
	struct call adders[3], late, destroyer;

	done = entered = 0;
	add_many(pool, gated, 2);
	AWAIT(entered == 2);
	add_many(pool, gated, 3);
	for (int i = 0; i < 3; i++)
		begin(&adders[i], adding, pool);
	for (int i = 0; i < 3; i++)
		AWAIT(adders[i].returned || sleeps(&adders[i]));
	begin(&destroyer, destroying, pool);
	for (int i = 0; i < 3; i++) {
		AWAIT(adders[i].returned);
		expect("destroy wakes an adder that is blocked", true, adders[i].returned);
		pthread_join(adders[i].thread, NULL);
		expect("whose task is refused", -1, adders[i].result);
		expect("with ESHUTDOWN", ESHUTDOWN, adders[i].err);
	}
	begin(&late, adding, pool);
	AWAIT(late.returned);
	pthread_join(late.thread, NULL);
	expect("a later task is refused too", -1, late.result);
	expect("destroy waits for the tasks", false, destroyer.returned);
	let_pass(5);
	AWAIT(destroyer.returned);
	pthread_join(destroyer.thread, NULL);
	expect("those that were accepted ran, the others did not", 5, done);
	expect_no_thread_left("no thread is left");
}

/* A pool of 3 to 30 threads; all tasks wait at the gate. */
static threadpool_t *grown(int period_ms)
{
	threadpool_t *pool = threadpool_create(3, 30, 100);

	done = entered = 0;
	threadpool_set_period(pool, period_ms);
	add_many(pool, gated, MANY);
	AWAIT(threadpool_all_threadnum(pool) == 30);
	return pool;
}

/* The next number of threads that differs from N; N when there is none for long. */
static int changed(threadpool_t *pool, int n)
{
	AWAIT(threadpool_all_threadnum(pool) != n);
	return threadpool_all_threadnum(pool);
}

/* Each step is ten threads, or fewer where max or min is nearer. */
static void grow_and_shrink(void)
{
	threadpool_t *pool = threadpool_create(3, 25, 100);
	char what[64];

	threadpool_set_period(pool, 3 * look_ms); /* and not ten seconds, as it was to wait */
	for (int round = 1; round <= 2; round++) {
		done = entered = 0;
		add_many(pool, gated, MANY);
		snprintf(what, sizeof(what), "round %d: ten more threads", round);
		expect(what, 13, changed(pool, 3));
		expect("ten more", 23, changed(pool, 13));
		expect("up to max", 25, changed(pool, 23));
		AWAIT(entered == 25);
		expect("all of them work", 25, threadpool_busy_threadnum(pool));
		expect("really", threads_at_start + 25 + 1, threads());
		let_pass(MANY);
		AWAIT(done == MANY);
		AWAIT(threadpool_all_threadnum(pool) < 25);
		/* They end one by one. */
		AWAIT(threadpool_all_threadnum(pool) <= 15);
		expect("ten fewer", 15, threadpool_all_threadnum(pool));
		AWAIT(threadpool_all_threadnum(pool) <= 5);
		expect("ten fewer again", 5, threadpool_all_threadnum(pool));
		AWAIT(threadpool_all_threadnum(pool) <= 3);
		nap_ms(7 * look_ms); /* two looks more */
		expect("down to min and not below", 3, threadpool_all_threadnum(pool));
	}
	threadpool_destroy(pool);
	expect_no_thread_left("no thread is left, neither of those that ended before");
}

/* Nine that wait are no reason to grow; half of the threads busy is no reason to shrink. */
static void thresholds(void)
{
	threadpool_t *pool = threadpool_create(3, 30, 100);

	done = entered = 0;
	threadpool_set_period(pool, look_ms);
	add_many(pool, gated, 3);
	AWAIT(entered == 3);
	add_many(pool, gated, 9);
	nap_ms(3 * look_ms + look_ms / 2);
	expect("nine tasks wait: no more threads", 3, threadpool_all_threadnum(pool));
	add_many(pool, gated, 1);
	AWAIT(entered == 13);
	expect("ten tasks wait: ten threads more", 13, threadpool_all_threadnum(pool));
	let_pass(6);
	AWAIT(done == 6 && threadpool_busy_threadnum(pool) == 7);
	nap_ms(3 * look_ms + look_ms / 2);
	expect("7 of 13 busy: no fewer threads", 13, threadpool_all_threadnum(pool));
	let_pass(1);
	AWAIT(threadpool_all_threadnum(pool) == 6);
	expect("6 of 13 busy: those that are idle end", 6, threadpool_all_threadnum(pool));
	let_pass(6);
	threadpool_destroy(pool);
}

/* The signal for a new task must not go to a thread that is about to end, or the task would wait.
 */
static void no_task_lost(void)
{
	int added = 0;

	for (int i = 0; i < 20; i++) {
		threadpool_t *pool = grown(1);
		let_pass(MANY);
		AWAIT(done == MANY);
		done = added = 0;
		while (added < 100 || threadpool_all_threadnum(pool) > 3) {
			add_many(pool, quick, 1);
			added++;
			AWAIT(done == added);
			if (done != added)
				break;
		}
		if (done != added)
			expect("a task is lost to a thread that ends", added, done);
		threadpool_destroy(pool);
	}
	expect("no task is lost to a thread that ends", added, done);
}

static void destroy_in_shrink(void)
{
	for (int i = 0; i < 20; i++) {
		threadpool_t *pool = grown(2);
		let_pass(MANY);
		AWAIT(threadpool_all_threadnum(pool) < 30);
		threadpool_destroy(pool);
		if (done != MANY)
			expect("destroy in the middle of a shrink: all ran", MANY, done);
	}
	expect_no_thread_left("destroy in the middle of a shrink");
}

static struct rlimit before;

/* From here on no thread can be started. Root always can, so this process becomes somebody else's.
 */
static void no_more_threads(void)
{
	if (getuid() == 0 && setresuid(65534, 65534, 65534) == -1)
		err(1, "setresuid");
	getrlimit(RLIMIT_NPROC, &before);
	setrlimit(RLIMIT_NPROC, &(struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max});
}

static void more_threads(void)
{
	setrlimit(RLIMIT_NPROC, &before);
}

static void no_threads(void)
{
	threadpool_t *pool = threadpool_create(3, 30, 100);

	no_more_threads();
	errno = 0;
	expect("no thread can be started: NULL", true, threadpool_create(3, 30, 100) == NULL);
	expect("and EAGAIN", EAGAIN, errno);
	done = entered = 0;
	add_many(pool, gated, MANY);
	threadpool_set_period(pool, 20);
	nap_ms(100);
	expect("a thread that can't be started is not counted", 3, threadpool_all_threadnum(pool));
	more_threads();
	AWAIT(threadpool_all_threadnum(pool) == 30);
	expect("it grows when it can", 30, threadpool_all_threadnum(pool));
	let_pass(MANY);
	threadpool_destroy(pool);
	expect("all tasks ran", MANY, done);
	expect_no_thread_left("no thread is left");
}

/* Tiny tasks from several adders, each run exactly once. */
static atomic_uchar *runs;

static void *tiny(void *arg)
{
	atomic_fetch_add((atomic_uchar *)arg, 1);
	return NULL;
}

#define ADDERS 4
static threadpool_t *shared;

static void *add_share(void *arg)
{
	for (int i = *(int *)arg; i < ntasks; i += ADDERS)
		threadpool_add(shared, tiny, &runs[i]);
	return NULL;
}

static void million(void)
{
	pthread_t adders[ADDERS];
	int numbers[ADDERS], once = 0;

	runs = calloc((size_t)ntasks, sizeof(*runs));
	shared = threadpool_create(2, 8, 50);
	threadpool_set_period(shared, 5);
	for (int i = 0; i < ADDERS; i++) {
		numbers[i] = i;
		pthread_create(&adders[i], NULL, add_share, &numbers[i]);
	}
	for (int i = 0; i < ADDERS; i++)
		pthread_join(adders[i], NULL);
	threadpool_destroy(shared);
	for (int i = 0; i < ntasks; i++)
		once += runs[i] == 1;
	expect("tiny tasks from several adders, each once", ntasks, once);
	free(runs);
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		ntasks = atoi(argv[1]);
	if (argc > 2)
		look_ms = 400;
	pthread_t first; /* the thread sanitizer starts one of its own with it */
	pthread_create(&first, NULL, quick, NULL);
	pthread_join(first, NULL);
	threads_at_start = threads();
	bad_arguments();
	counts();
	arguments();
	full_queue();
	destroy_idle();
	all_joined();
	destroy_drains();
	destroy_full();
	grow_and_shrink();
	thresholds();
	no_task_lost();
	destroy_in_shrink();
	if (argc < 3)
		no_threads();
	million();
	return checked();
}
