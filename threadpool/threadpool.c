/*
 * One lock guards everything; there is a condition variable for each thing to wait for. Workers
 * take tasks until there is a reason to end; the manager wakes up every period, looks at the load,
 * starts workers or lets some end. Nobody keeps a list of the workers: each one that ends joins the
 * one that ended before it, and the manager joins the last one.
 *
 * The calls on a mutex or a condition variable fail only because of a mistake in the program, so
 * their results are not checked. pthread_mutex_lock(3).
 */
#include "threadpool/threadpool.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "wrap/server.h"
#include "wrap/wrap.h"

#define PERIOD_MS 10000
#define MANY_TASKS 10		 /* when this many wait, more threads are started */
#define MAX_CHANGE 10		 /* at most this many threads start or end at one look */
#define STACK_BYTES (256 * 1024) /* tasks may need more than musl gives by default, 128 KiB */

struct task {
	void *(*function)(void *arg);
	void *arg;
};

/* Everything that changes is read and written only under the lock. */
struct threadpool {
	pthread_mutex_t lock;
	pthread_cond_t not_empty; /* workers wait here for a task, or for a reason to end */
	pthread_cond_t not_full;  /* threadpool_add waits here for room in the queue */
	pthread_cond_t wake;	  /* the manager waits here for the next look or the last worker */
	pthread_t manager;
	pthread_attr_t attr; /* of the workers: the size of their stacks */
	int min, max, period_ms;
	int alive, busy;    /* workers; those of them that run a task */
	int enough;	    /* a worker that finds no task ends if more than this are alive */
	int blocked;	    /* calls of threadpool_add that wait for room */
	bool closing;	    /* the pool is being destroyed */
	bool shortage;	    /* the last start of a worker failed, which has been reported */
	bool has_ended;	    /* a worker has ended and nobody has joined it: */
	pthread_t ended;    /* this one */
	struct task *queue; /* a ring of SIZE places: WAITING tasks from HEAD on */
	size_t head, waiting, size;
};

static int fail(int err)
{
	errno = err;
	return -1;
}

/* Waits for a task and takes it out of the queue. Returns false when this worker must end. */
static bool take(threadpool_t *pool, struct task *task)
{
	/* Look for a task before ending, or a wake-up that was meant for a task would be lost. */
	while (pool->waiting == 0) {
		if (pool->closing || pool->alive > pool->enough)
			return false;
		pthread_cond_wait(&pool->not_empty, &pool->lock);
	}
	*task = pool->queue[pool->head];
	pool->head = (pool->head + 1) % pool->size;
	pool->waiting--;
	if (pool->blocked > 0)
		pthread_cond_signal(&pool->not_full);
	return true;
}

static void *work(void *arg)
{
	threadpool_t *pool = arg;
	struct task task;

	pthread_mutex_lock(&pool->lock);
	while (take(pool, &task)) {
		pool->busy++;
		pthread_mutex_unlock(&pool->lock);
		task.function(task.arg);
		pthread_mutex_lock(&pool->lock);
		pool->busy--;
	}
	bool has_ended = pool->has_ended;
	pthread_t before = pool->ended;
	pool->has_ended = true;
	pool->ended = pthread_self();
	pool->alive--;
	if (pool->closing)
		pthread_cond_signal(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	if (has_ended)
		pthread_join(before, NULL);
	return NULL;
}

/* Starts N workers, up to max in all. Returns 0, or -1 with errno when one cannot be started. */
static int start(threadpool_t *pool, int n)
{
	pthread_t thread; /* not kept here: the worker itself leaves its id when it ends */

	for (; n > 0 && pool->alive < pool->max; n--) {
		int err = pthread_create(&thread, &pool->attr, work, pool);
		if (err != 0)
			return fail(err);
		pool->alive++;
	}
	return 0;
}

/* What the manager does at each look. */
static void adjust(threadpool_t *pool)
{
	int extra = pool->alive - pool->min;

	pool->enough = pool->max;
	if (pool->waiting >= MANY_TASKS) {
		bool failed = start(pool, MAX_CHANGE) == -1;
		if (failed && !pool->shortage)
			complain("pthread_create");
		pool->shortage = failed;
	} else if (pool->busy < pool->alive - pool->busy) {
		pool->enough = pool->alive - (extra < MAX_CHANGE ? extra : MAX_CHANGE);
		for (int i = pool->alive; i > pool->enough; i--)
			pthread_cond_signal(&pool->not_empty);
	}
}

static void *manage(void *arg)
{
	threadpool_t *pool = arg;
	int64_t last = now_ms();

	pthread_mutex_lock(&pool->lock);
	while (!pool->closing) {
		int64_t ms = last + pool->period_ms;
		struct timespec next = {.tv_sec = (time_t)(ms / 1000),
					.tv_nsec = (long)(ms % 1000) * 1000000};
		/* Not a sleep: threadpool_destroy and threadpool_set_period must interrupt it. */
		int err = pthread_cond_timedwait(&pool->wake, &pool->lock, &next);
		if (err == ETIMEDOUT) {
			adjust(pool);
			last = now_ms();
		}
	}
	while (pool->alive > 0 || pool->blocked > 0)
		pthread_cond_wait(&pool->wake, &pool->lock);
	if (pool->has_ended)
		pthread_join(pool->ended, NULL);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void free_pool(threadpool_t *pool)
{
	pthread_cond_destroy(&pool->wake);
	pthread_cond_destroy(&pool->not_full);
	pthread_cond_destroy(&pool->not_empty);
	pthread_mutex_destroy(&pool->lock);
	pthread_attr_destroy(&pool->attr);
	free(pool->queue);
	free(pool);
}

threadpool_t *threadpool_create(int min, int max, int queue_max)
{
	pthread_condattr_t attr;
	size_t stack;

	if (min < 1 || max < min || queue_max < 1) {
		errno = EINVAL;
		return NULL;
	}
	threadpool_t *pool = calloc(1, sizeof(*pool));
	if (pool == NULL ||
	    (pool->queue = calloc((size_t)queue_max, sizeof(*pool->queue))) == NULL) {
		free(pool);
		return NULL;
	}
	pool->min = min;
	pool->max = pool->enough = max;
	pool->size = (size_t)queue_max;
	pool->period_ms = PERIOD_MS;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->not_empty, NULL);
	pthread_cond_init(&pool->not_full, NULL);
	pthread_attr_init(&pool->attr);
	pthread_attr_getstacksize(&pool->attr, &stack);
	if (stack < STACK_BYTES)
		pthread_attr_setstacksize(&pool->attr, STACK_BYTES);
	pthread_condattr_init(&attr); /* for a clock that nobody can set */
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->wake, &attr);
	pthread_condattr_destroy(&attr);

	errno = pthread_create(&pool->manager, NULL, manage, pool);
	if (errno != 0) {
		free_pool(pool);
		return NULL;
	}
	pthread_mutex_lock(&pool->lock);
	int failed = start(pool, min);
	pthread_mutex_unlock(&pool->lock);
	if (failed) {
		threadpool_destroy(pool);
		errno = EAGAIN;
		return NULL;
	}
	return pool;
}

int threadpool_add(threadpool_t *pool, void *(*function)(void *arg), void *arg)
{
	if (pool == NULL || function == NULL)
		return fail(EINVAL);
	pthread_mutex_lock(&pool->lock);
	while (pool->waiting == pool->size && !pool->closing) {
		pool->blocked++;
		pthread_cond_wait(&pool->not_full, &pool->lock);
		pool->blocked--;
	}
	if (pool->closing) {
		pthread_cond_signal(&pool->wake); /* the manager waits until no call is blocked */
		pthread_mutex_unlock(&pool->lock);
		return fail(ESHUTDOWN);
	}
	pool->queue[(pool->head + pool->waiting) % pool->size] = (struct task){function, arg};
	pool->waiting++;
	pthread_cond_signal(&pool->not_empty);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

int threadpool_destroy(threadpool_t *pool)
{
	if (pool == NULL)
		return fail(EINVAL);
	pthread_mutex_lock(&pool->lock);
	pool->closing = true;
	pthread_cond_broadcast(&pool->not_empty);
	pthread_cond_broadcast(&pool->not_full);
	pthread_cond_signal(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	pthread_join(pool->manager, NULL);
	free_pool(pool);
	return 0;
}

int threadpool_all_threadnum(threadpool_t *pool)
{
	if (pool == NULL)
		return fail(EINVAL);
	pthread_mutex_lock(&pool->lock);
	int n = pool->alive;
	pthread_mutex_unlock(&pool->lock);
	return n;
}

int threadpool_busy_threadnum(threadpool_t *pool)
{
	if (pool == NULL)
		return fail(EINVAL);
	pthread_mutex_lock(&pool->lock);
	int n = pool->busy;
	pthread_mutex_unlock(&pool->lock);
	return n;
}

int threadpool_set_period(threadpool_t *pool, int ms)
{
	if (pool == NULL || ms < 1)
		return fail(EINVAL);
	pthread_mutex_lock(&pool->lock);
	pool->period_ms = ms;
	pthread_cond_signal(&pool->wake); /* it waits again, with the new period */
	pthread_mutex_unlock(&pool->lock);
	return 0;
}
