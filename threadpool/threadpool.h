/*
 * A pool of threads that take tasks from one bounded queue. It starts with MIN threads; a manager
 * thread looks at it every period and lets it grow, to MAX at most, or shrink, to MIN again.
 *
 * Errors: a call that returns an int returns -1 with errno (EINVAL: a wrong argument). What can
 * fail only when a program is wrong (locking, waiting, joining) ends the program.
 * pthreads(7), pthread_cond_wait(3).
 */
#ifndef THREADPOOL_H
#define THREADPOOL_H

typedef struct threadpool threadpool_t;

/*
 * Returns a pool of MIN threads (1 or more) that may grow to MAX (MIN or more), with room for
 * QUEUE_MAX tasks (1 or more) that wait; or NULL with errno: EINVAL, ENOMEM, or EAGAIN when MIN
 * threads and the manager can't be started. pthread_create(3).
 */
threadpool_t *threadpool_create(int min, int max, int queue_max);

/*
 * Hands a task to the pool: a thread of it will call FUNCTION(ARG), whose result nobody looks at.
 * Tasks start in the order in which they came. Blocks while the queue is full, so a task that adds
 * others may wait for itself. The pool never frees ARG nor looks at what it points to.
 * Returns 0, or -1 with ESHUTDOWN once the pool is being destroyed: FUNCTION won't be called.
 */
int threadpool_add(threadpool_t *pool, void *(*function)(void *arg), void *arg);

/*
 * Waits until every task that was accepted is done, joins every thread and frees the pool; an
 * idle pool takes milliseconds. A threadpool_add that blocks meanwhile returns -1; from when this
 * returns on nobody may use the pool. Not for a task of the pool itself, and called once. Returns
 * 0. pthread_join(3).
 */
int threadpool_destroy(threadpool_t *pool);

/* How many threads there are (the manager not counted), and how many of them run a task. */
int threadpool_all_threadnum(threadpool_t *pool);
int threadpool_busy_threadnum(threadpool_t *pool);

/*
 * The manager looks every MS milliseconds (1 or more; 10,000 unless set), counted from its last
 * look. 10 or more tasks wait (so the queue must have room for 10): up to 10 threads more. Else
 * fewer than half of the threads are busy: up to 10 threads end. Returns 0.
 */
int threadpool_set_period(threadpool_t *pool, int ms);

#endif
