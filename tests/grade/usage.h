/* What processes use at this moment, from /proc. */
#ifndef GRADE_USAGE_H
#define GRADE_USAGE_H

#include "tests/grade/tree.h"

struct usage {
	int processes, zombies, threads, descriptors;
	int mappings;  /* of memory; a thread that nobody joins leaves its stack as one */
	long busy_ms;  /* of all threads: running, or ready to run and kept waiting by others */
	long anon_kib; /* memory in use that is no file's. Address space would be no sign: some
			  runtimes reserve hundreds of megabytes */
};

/* Adds up what PIDS use. A process that ends meanwhile, or that we may not look at, counts nothing.
 */
struct usage usage_of(const struct pids *pids);

/* The highest descriptor that PID has open, -1 when that cannot be seen. */
int highest_descriptor(pid_t pid);

#endif
