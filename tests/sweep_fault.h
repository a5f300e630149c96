/* The fault in a run, and what came of it. */
#ifndef TESTS_SWEEP_FAULT_H
#define TESTS_SWEEP_FAULT_H

#include <stdbool.h>

#include "tests/sweep_errors.h"

#define MOST_CALLS 64 /* more than the table of errors has lines */

/* The calls that the kernel has to ask about for run.fault, and a NULL. */
void fault_calls(const char *names[MOST_CALLS + 1]);

/* Answers the questions that come FROM a listener, in a thread, until the program has ended. */
void fault_start(int from);
void fault_join(void);

/* What came of it. */
bool fault_happened(void);
bool fault_killed(void);   /* the first process was killed by it */
bool fault_mutes(void);	   /* a write failed: a line may be missing */
bool fault_lasts(void);	   /* it lasts for a while, or has done so: more clients may be lost */
bool fault_insisted(void); /* and the program tried again and again without a pause */

/* Whether the fault is that a process is killed. */
bool fault_kills(void);

/* Waits until a fault that lasts is over, and a process other than the first one that was killed
 * gone. */
void fault_wait(void);

/* From the run without a fault: how often CALL was made; whether by other processes too. */
int fault_count(const struct failing *call);
bool fault_forks(void);

#endif
