/*
 * A reactor: the loop owns the waiting, call-backs own the work. An event is a descriptor, what to
 * wait for on it, and whom to call. Built on epoll, level-triggered; for one thread. epoll(7).
 */
#ifndef EPOLL_REACTOR_H
#define EPOLL_REACTOR_H

#include <stdint.h>

struct reactor;

/*
 * Called when FD is ready: EVENTS is what epoll_wait(2) said (EPOLLIN, EPOLLOUT, EPOLLHUP …), or 0:
 * FD's time-out has passed. ARG is what was given with the event. A call-back may add, change and
 * remove events, its own and those that the loop is about to deliver too, and stop the loop.
 */
typedef void reactor_call(struct reactor *r, int fd, uint32_t events, void *arg);

/* Returns a new reactor without events, or NULL with errno. epoll_create1(2). */
struct reactor *reactor_new(void);

/* Frees R. The descriptors of its events stay open. Not to be called by a call-back. */
void reactor_free(struct reactor *r);

/*
 * Adds FD's event: CALL is called with ARG when one of EVENTS (EPOLLIN, EPOLLOUT, both, or 0: none
 * for now, but errors and hang-up are always told). A descriptor has one event; it has no time-out
 * yet. Returns 0, or -1 with errno: EEXIST, EPERM (a regular file), ENOSPC, ENOMEM. epoll_ctl(2).
 */
int reactor_add(struct reactor *r, int fd, uint32_t events, reactor_call *call, void *arg);

/* From now on waits for EVENTS on FD. Returns 0, or -1 with errno: ENOENT. */
int reactor_change(struct reactor *r, int fd, uint32_t events);

/*
 * When nothing is told about FD for MS milliseconds CALL is called with 0, and again after as long;
 * 0 or less: never. What is told starts the time anew, without a system call. It may come 10 ms
 * late.
 * FD must have an event.
 */
void reactor_timeout(struct reactor *r, int fd, int ms);

/* Removes FD's event, if it has one: nothing more is told about it. FD may be closed already. */
void reactor_remove(struct reactor *r, int fd);

/*
 * Waits and calls until reactor_stop. Returns 0, or -1 with errno when the wait failed.
 * epoll_wait(2).
 */
int reactor_run(struct reactor *r);

/* reactor_run returns as soon as the call-back that runs has returned; it may be run again. */
void reactor_stop(struct reactor *r);

#endif
