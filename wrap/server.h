/* What every server does besides its topic: start, stop, the closing line, and shortages. */
#ifndef WRAP_SERVER_H
#define WRAP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Prints "listening on ADDRESS" for the socket FD. Call it last, after everything that can fail.
 * From now on SIGINT and SIGTERM make stopping() true, in child processes too, and shut FD down.
 * That ends the call that waits for FD, and every later one at once, so a signal that comes just
 * before the call is not lost. Ends the program on errors. shutdown(2), signal(7).
 */
void server_ready(int fd);
bool stopping(void);

/*
 * From now on child processes share stopping() and the counts of the closing line. server_ready and
 * fork_child call it. Ends the program on errors. mmap(2), MAP_SHARED.
 */
void share_with_children(void);

/*
 * server_ready in two steps, for a program that waits for another socket than it listens on:
 * stop_shuts sets what a stop shuts down (-1: nothing), print_listening prints the line.
 */
void stop_shuts(int fd);
void print_listening(int fd);

/* From now on a stop also shuts CFD down (-1: nothing). For a server with one client at a time. */
void stop_also_shuts(int cfd);

/*
 * Waits until the listening socket LFD is shut down (-1: there is none), or until a signal comes
 * that has a handler, even one that is otherwise blocked. ppoll(2).
 */
void wait_for_stop(int lfd);

/*
 * Prints the closing line of the log (what was served, CPU time, peak memory of the largest
 * process, number of processes) and returns the exit status 0. Before that, a server that makes
 * processes must wait for them and set peak_processes to the largest number that ran at one time,
 * itself included (fork_child does that). getrusage(2).
 */
int server_end(void);
extern int peak_processes;

/* Sets the soft limit of descriptors to the hard one, but not above MOST_FDS. getrlimit(2). */
#define MOST_FDS (1 << 20) /* as many as a process can have, unless fs.nr_open was raised */
void raise_descriptor_limit(void);

/*
 * For a CALL that failed with errno because descriptors, processes, threads or memory ran out. Both
 * report it, but only once while the shortage lasts. retry_later then waits 100 ms, so that a loop
 * that tries again does not spin. Once the server is stopping both do nothing.
 */
void complain_once(const char *call);
void retry_later(const char *call);

/* Returns the milliseconds of a clock that nobody can set. clock_gettime(2), CLOCK_MONOTONIC. */
int64_t now_ms(void);

#endif
