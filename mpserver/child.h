/* Child processes that end when their parent does, and leave no zombies. fork(2), waitpid(2). */
#ifndef MPSERVER_CHILD_H
#define MPSERVER_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * As fork(2), but the child is remembered for kill_children. In the child SIGTERM, SIGCHLD and
 * SIGINT (unless it was ignored) do what they do by default, no signal is blocked, and the kernel
 * kills it when its parent ends. prctl(2), PR_SET_PDEATHSIG.
 */
pid_t fork_child(void);

/* Reaps a child that has ended, without waiting. Returns false when there is none. waitpid(2). */
bool reap_child(void);

/*
 * For a parent that reaps in its main loop: from now on SIGCHLD comes only inside wait_for_stop, so
 * that a child which ends just before that call still ends the wait. sigprocmask(2).
 */
void block_sigchld(void);

/*
 * Waits until fewer than N children run, and returns true: time to make another one. Returns false
 * once the server is stopping. Reaps the children that have ended, and calls block_sigchld.
 */
bool needs_child(int n);

/* From now on, when a child ends, shuts FD down for writing (SIGCHLD). shutdown(2). */
void shutdown_after_child(int fd);

/* Kills the children and waits for them, so that server_end counts what they have used. */
void kill_children(void);

#endif
