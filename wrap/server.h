/* What every server does besides its topic: start, stop, the closing line, and shortages. */
#ifndef WRAP_SERVER_H
#define WRAP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Prints "listening on ADDRESS" for the socket FD; to be called after everything that can fail.
 * From now on SIGINT and SIGTERM make stopping() true (child processes see that, too) and shut FD
 * down: a call that waits for FD returns then, and so does every later one, so that no signal is
 * lost between a look at stopping() and the call. Ends the program on errors. shutdown(2),
 * signal(7).
 */
void server_ready(int fd);
bool stopping(void);

/* For a server that makes processes before it is ready: from now on stopping() and the closing line
 * count for them, too. Ends the program on errors. mmap(2), MAP_SHARED. */
void share_with_children(void);

/*
 * The two halves of server_ready, for a program that waits for another socket than the one that it
 * listens on: what a stop shuts down (-1: nothing), and the line.
 */
void stop_shuts(int fd);
void print_listening(int fd);

/* From now on a stop also shuts CFD down (-1: nothing). For a server with one client at a time. */
void stop_also_shuts(int cfd);

/*
 * Waits until the listening socket LFD is shut down (-1: there is none), or for a signal that has a
 * handler, even if the signal is blocked otherwise. ppoll(2).
 */
void wait_for_stop(int lfd);

/*
 * Prints the closing line of the log (what was served, CPU time, peak memory of the largest
 * process, number of processes) and returns the exit status 0. Before that, a server that makes
 * processes must wait for them and set peak_processes to the largest number that ran at one time,
 * itself included. getrusage(2).
 */
int server_end(void);
extern int peak_processes;

/* Sets the soft limit of descriptors to the hard one, but not above MOST_FDS. getrlimit(2). */
#define MOST_FDS (1 << 20) /* as many as a process can have, unless fs.nr_open was raised */
void raise_descriptor_limit(void);

/*
 * CALL failed with errno because descriptors, processes, threads or memory ran out. Both report it,
 * but only once while the shortage lasts. retry_later then waits 100 ms, so that a loop that tries
 * again does not spin. Once the server is stopping both do nothing.
 */
void complain_once(const char *call);
void retry_later(const char *call);

/* Returns the milliseconds of a clock that nobody can set. clock_gettime(2), CLOCK_MONOTONIC. */
int64_t now_ms(void);

#endif
