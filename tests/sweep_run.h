/*
 * One run of a program while one of its system calls fails. There is one run at a time, so that its
 * state need not be passed around.
 */
#ifndef TESTS_SWEEP_RUN_H
#define TESTS_SWEEP_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "tests/sweep_errors.h"

#define PATIENCE_MS 5000 /* nothing takes longer, not on a machine under load either */

struct fault {
	const struct failing *call; /* NULL: nothing fails, and all calls are counted */
	int nth; /* of those calls of all its processes that can fail so; from 1 */
	const struct error *error;
};

/* Whether the kernel lets us see and answer a program's calls; exits 77 with a line if not. */
void run_prepare(void);

/* Starts the program with FAULT; stdin is INPUT, which is closed here; -1: /dev/null. */
void run_start(char *const argv[], int input, const struct fault *fault);

/* Ends what of it is still there. Returns whether that was more than the first process. */
bool run_clean_up(void);

extern struct run {
	struct fault fault;
	pid_t pid; /* its first process */
	int pidfd; /* that too: pidfd_open(2) */
	int out, err;
	bool ended;
	int status;    /* then: wait(2) */
	bool reported; /* sweep_findings.h */
	char output[65536], complaints[65536];
} run;

/* Waits up to MS milliseconds for the end of its first process; whether it has ended. */
bool run_ends(int ms);

/* What it has written so far to stdout, to stderr. */
const char *run_output(void);
const char *run_complaints(void);

#endif
