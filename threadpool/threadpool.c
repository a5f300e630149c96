#include "threadpool/threadpool.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "wrap/run.h"
#include "wrap/wrap.h"

#define PERIOD_MS 10000
#define MANY_TASKS 10 /* so many wait: more threads are wanted */
#define VARY 10	      /* so many threads at most come or go at one look */

/* For calls that fail only when the program is wrong: to go on would make it worse. */
#define CHECK(call) check(call, #call)

struct task {
	void *(*function)(void *arg);
	void *arg;
};

/* What changes is read and written under the lock only. */
struct threadpool {
	pthread_mutex_t lock;
	pthread_cond_t not_empty; /* workers wait: for a task, or to be told to end */
	pthread_cond_t not_full;  /* adders wait: for room in the queue */
	pthread_cond_t look;	  /* the manager waits: for its time, then for the end */
	pthread_t manager;
	int min, max, period_ms;
	int alive, busy;    /* workers; those that run a task */
	int enough;	    /* with more than so many alive, who finds nothing to do ends */
	int blocked;	    /* adders that wait */
	bool closing;	    /* being destroyed */
	bool shortage;	    /* the last thread could not be started: said, and not again */
	bool has_ended;	    /* a worker has, so that there is a last one: */
	pthread_t ended;    /* the only one that ended and is not joined */
	struct task *queue; /* a ring of SIZE places: WAITING tasks from HEAD on */
	size_t head, waiting, size;
};

static void check(int err, const char *call)
{
	if (err != 0) {
		errno = err;
		perr_exit(call);
	}
}

static int fail(int err)
{
	errno = err;
	return -1;
}

/* Waits for a task and takes it out of the queue; false: this worker is to end. */
static bool take(threadpool_t *pool, struct task *task)
{
	/* A task comes first: who was woken for it does not end instead and leave it behind. */
	while (pool->waiting == 0) {
		if (pool->closing || pool->alive > pool->enough)
			return false;
		CHECK(pthread_cond_wait(&pool->not_empty, &pool->lock));
	}
	*task = pool->queue[pool->head];
	pool->head = (pool->head + 1) % pool->size;
	pool->waiting--;
	if (pool->blocked > 0)
		CHECK(pthread_cond_signal(&pool->not_full));
	return true;
}

static void *work(void *arg)
{
	threadpool_t *pool = arg;
	struct task task;

	CHECK(pthread_mutex_lock(&pool->lock));
	while (take(pool, &task)) {
		pool->busy++;
		CHECK(pthread_mutex_unlock(&pool->lock));
		task.function(task.arg);
		CHECK(pthread_mutex_lock(&pool->lock));
		pool->busy--;
	}
	/* Each worker that ends joins the one that ended before it, and the manager the last one:
	 * all are joined, once, and nobody keeps a list. */
	bool has_ended = pool->has_ended;
	pthread_t before = pool->ended;
	pool->has_ended = true;
	pool->ended = pthread_self();
	pool->alive--;
	if (pool->closing)
		CHECK(pthread_cond_signal(&pool->look));
	CHECK(pthread_mutex_unlock(&pool->lock));
	if (has_ended)
		CHECK(pthread_join(before, NULL));
	return NULL;
}

/* Starts N workers, but not more than max in all; one that can't be started is not counted. */
static int start(threadpool_t *pool, int n)
{
	pthread_t thread; /* its id is not kept: it will tell itself */

	for (; n > 0 && pool->alive < pool->max; n--) {
		int err = pthread_create(&thread, NULL, work, pool);
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
		bool failed = start(pool, VARY) == -1;
		if (failed && !pool->shortage)
			complain("pthread_create");
		pool->shortage = failed;
	} else if (pool->busy < pool->alive - pool->busy) {
		pool->enough = pool->alive - (extra < VARY ? extra : VARY);
		for (int i = pool->alive; i > pool->enough; i--)
			CHECK(pthread_cond_signal(&pool->not_empty));
	}
}

static void *manage(void *arg)
{
	threadpool_t *pool = arg;
	int64_t last = now_ms();

	CHECK(pthread_mutex_lock(&pool->lock));
	while (!pool->closing) {
		int64_t ms = last + pool->period_ms;
		struct timespec next = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
		/* Not a sleep: destroying the pool or setting another period ends this wait. */
		int err = pthread_cond_timedwait(&pool->look, &pool->lock, &next);
		if (err == ETIMEDOUT) {
			adjust(pool);
			last = now_ms();
		} else {
			check(err, "pthread_cond_timedwait");
		}
	}
	while (pool->alive > 0 || pool->blocked > 0)
		CHECK(pthread_cond_wait(&pool->look, &pool->lock));
	if (pool->has_ended)
		CHECK(pthread_join(pool->ended, NULL));
	CHECK(pthread_mutex_unlock(&pool->lock));
	return NULL;
}

static void free_pool(threadpool_t *pool)
{
	CHECK(pthread_cond_destroy(&pool->look));
	CHECK(pthread_cond_destroy(&pool->not_full));
	CHECK(pthread_cond_destroy(&pool->not_empty));
	CHECK(pthread_mutex_destroy(&pool->lock));
	free(pool->queue);
	free(pool);
}

threadpool_t *threadpool_create(int min, int max, int queue_max)
{
	pthread_condattr_t attr;

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
	CHECK(pthread_mutex_init(&pool->lock, NULL));
	CHECK(pthread_cond_init(&pool->not_empty, NULL));
	CHECK(pthread_cond_init(&pool->not_full, NULL));
	CHECK(pthread_condattr_init(&attr)); /* a clock that nobody sets back */
	CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
	CHECK(pthread_cond_init(&pool->look, &attr));
	CHECK(pthread_condattr_destroy(&attr));

	errno = pthread_create(&pool->manager, NULL, manage, pool);
	if (errno != 0) {
		free_pool(pool);
		return NULL;
	}
	CHECK(pthread_mutex_lock(&pool->lock));
	int failed = start(pool, min);
	CHECK(pthread_mutex_unlock(&pool->lock));
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
	CHECK(pthread_mutex_lock(&pool->lock));
	while (pool->waiting == pool->size && !pool->closing) {
		pool->blocked++;
		CHECK(pthread_cond_wait(&pool->not_full, &pool->lock));
		pool->blocked--;
	}
	if (pool->closing) {
		CHECK(pthread_cond_signal(&pool->look)); /* the manager waits for us to be gone */
		CHECK(pthread_mutex_unlock(&pool->lock));
		return fail(ESHUTDOWN);
	}
	pool->queue[(pool->head + pool->waiting) % pool->size] = (struct task){function, arg};
	pool->waiting++;
	CHECK(pthread_cond_signal(&pool->not_empty));
	CHECK(pthread_mutex_unlock(&pool->lock));
	return 0;
}

int threadpool_destroy(threadpool_t *pool)
{
	if (pool == NULL)
		return fail(EINVAL);
	CHECK(pthread_mutex_lock(&pool->lock));
	pool->closing = true;
	CHECK(pthread_cond_broadcast(&pool->not_empty));
	CHECK(pthread_cond_broadcast(&pool->not_full));
	CHECK(pthread_cond_signal(&pool->look));
	CHECK(pthread_mutex_unlock(&pool->lock));
	CHECK(pthread_join(pool->manager, NULL));
	free_pool(pool);
	return 0;
}

int threadpool_all_threadnum(threadpool_t *pool)
{
	if (pool == NULL)
		return fail(EINVAL);
	CHECK(pthread_mutex_lock(&pool->lock));
	int n = pool->alive;
	CHECK(pthread_mutex_unlock(&pool->lock));
	return n;
}

int threadpool_busy_threadnum(threadpool_t *pool)
{
	if (pool == NULL)
		return fail(EINVAL);
	CHECK(pthread_mutex_lock(&pool->lock));
	int n = pool->busy;
	CHECK(pthread_mutex_unlock(&pool->lock));
	return n;
}

int threadpool_set_period(threadpool_t *pool, int ms)
{
	if (pool == NULL || ms < 1)
		return fail(EINVAL);
	CHECK(pthread_mutex_lock(&pool->lock));
	pool->period_ms = ms;
	CHECK(pthread_cond_signal(&pool->look)); /* to wait anew */
	CHECK(pthread_mutex_unlock(&pool->lock));
	return 0;
}
