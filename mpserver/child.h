/*
 * Child processes that end when they should: at the latest with their parent, and none unseen.
 * fork(2), waitpid(2), prctl(2).
 */
#ifndef MPSERVER_CHILD_H
#define MPSERVER_CHILD_H

#include <sys/wait.h>
#include <unistd.h>

/*
 * fork(2), all signals blocked meanwhile. In the child SIGINT, SIGTERM and SIGCHLD are at their
 * defaults, and it is killed when its parent ends (PR_SET_PDEATHSIG). Returns as fork does.
 */
pid_t Fork(void);

/* waitpid(2); errno stays, so that a signal handler may call it. */
pid_t Waitpid(pid_t pid, int *status, int flags);

/*
 * For a parent that only looks after its crew: keeps SIGCHLD pending until wait_for_stop, which it
 * ends, so that none is lost between waitpid and that wait. sigprocmask(2).
 */
void hold_sigchld(void);

/*
 * In place of server_end: ends the children there are and waits for them first, so that the closing
 * line tells their CPU time and memory too.
 */
int children_end(void);

#endif
