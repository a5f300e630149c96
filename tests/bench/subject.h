/* The server that is measured: a child process of the load generator, with all its own children. */
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct subject {
	pid_t pid;
	int out; /* what it prints */
	struct sockaddr_storage addr;
	socklen_t addr_len;
};

/* What its processes use, all together. */
struct usage {
	double cpu_seconds; /* user and system, with that of children that have ended */
	uint64_t dirty;	    /* bytes of memory that are one process's own: Private_Dirty */
	int processes, threads;
};

/* Says WHAT (printf) went wrong and ends the program; so the server ends too. */
void fail(const char *what, ...) __attribute__((format(printf, 1, 2), noreturn));

/*
 * Starts ARGV and waits, SECONDS at most, until it says where it listens. Fails unless that is
 * 127.0.0.0/8 or a path of AF_UNIX: no load for machines that did not ask for it. The server is
 * killed when this process ends, however it ends. execvp(3), prctl(2) PR_SET_PDEATHSIG.
 */
void subject_start(struct subject *s, char *argv[], double seconds);

/* What it uses now; MEMORY, too, which takes longer to tell. proc(5): stat, smaps_rollup,
 * task/children; clock_getcpuclockid(3). */
struct usage subject_usage(const struct subject *s, bool memory);

/*
 * Stops it with SIGTERM and fails unless it ends with status 0 within SECONDS and (COUNTS) its
 * closing line tells of CONNECTIONS and BYTES.
 */
void subject_stop(struct subject *s, double seconds, bool counts, uint64_t connections,
		  uint64_t bytes);

#endif
