/* One try of one level, from a fresh start of the program to the end of all that it has started. */
#ifndef GRADE_ATTEMPT_H
#define GRADE_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/grade/trial.h"

/* Once, before the first try: the grader adopts orphans, and waits for signals instead of being
 * ended. */
void attempts_begin(void);

/*
 * Tries once. What came of it is in story. Exits with 130, when all is ended, if SIGINT, SIGTERM or
 * SIGHUP has come meanwhile.
 */
void attempt(const struct trial *trial);

/*
 * The end of what the program has printed in this try: on stderr, or when there is nothing and it
 * has ended or not started, on stdout.
 */
const char *attempt_output(size_t *n);

#endif
