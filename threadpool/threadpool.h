/*
 * A pool of threads that take tasks from one bounded queue. It starts with MIN threads; a manager
 * thread looks at the load every period and lets the pool grow, up to MAX, or shrink, down to MIN.
 *
 * A call that returns an int returns -1 with errno on errors (EINVAL: a wrong argument).
 * pthreads(7), pthread_cond_wait(3).
 */
#ifndef THREADPOOL_H
#define THREADPOOL_H

typedef struct threadpool threadpool_t;

/*
 * Returns a pool of MIN threads (1 or more) that may grow to MAX (MIN or more), with room for
 * QUEUE_MAX tasks (1 or more) that wait; or NULL with errno: EINVAL, ENOMEM, or EAGAIN when MIN
 * threads and the manager cannot be started. A thread has a stack of 256 KiB or more.
 * pthread_create(3).
 */
threadpool_t *threadpool_create(int min, int max, int queue_max);

/*
 * Hands a task to the pool: one of its threads will call FUNCTION(ARG) and ignore the result. Tasks
 * start in the order in which they were added. It blocks while the queue is full, so a task that
 * adds tasks may wait for itself. The pool never frees ARG, nor looks at what ARG points to.
 * Returns 0, or -1 with ESHUTDOWN once the pool is being destroyed: FUNCTION will not be called.
 */
int threadpool_add(threadpool_t *pool, void *(*function)(void *arg), void *arg);

/*
 * Waits until every task that was added is done, joins every thread and frees the pool; for an idle
 * pool that takes milliseconds. A threadpool_add that is blocked meanwhile returns -1. Call it
 * once, not from a task of the pool; when it returns, the pool is gone. Returns 0. pthread_join(3).
 */
int threadpool_destroy(threadpool_t *pool);

/* Return how many threads there are, without the manager, and how many of them run a task. */
int threadpool_all_threadnum(threadpool_t *pool);
int threadpool_busy_threadnum(threadpool_t *pool);

/*
 * Lets the manager look every MS milliseconds (1 or more; at first 10,000), counted from its last
 * look. When 10 or more tasks wait, it starts up to 10 threads; so a pool with a shorter queue
 * never grows. Otherwise, when fewer than half of the threads are busy, up to 10 threads end.
 * Returns 0.
 */
int threadpool_set_period(threadpool_t *pool, int ms);

#endif
