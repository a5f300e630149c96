/* What is seen of a running program from outside: its socket, its use of the machine. */
#ifndef TESTS_SWEEP_WATCH_H
#define TESTS_SWEEP_WATCH_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A copy of the program's socket that clients come to, of TYPE (SOCK_STREAM: that listens,
 * SOCK_DGRAM: that is bound); -1: there is none yet. pidfd_getfd(2)
 */
int watch_socket(int pidfd, int type);

/* How many processes PROGRAM has, children included, and how many descriptors these have open. */
struct usage {
	int processes, descriptors;
};
struct usage watch_usage(pid_t program);

/* Whether PROGRAM uses the processor for longer than a moment. clock_getcpuclockid(3) */
bool watch_spins(pid_t program);

/* How many descriptors process PID has open. */
int watch_descriptors(pid_t pid);

/* The children of process PID, at most MOST; returns how many. proc(5), task/PID/children */
int watch_children(pid_t pid, pid_t children[], int most);

#endif
