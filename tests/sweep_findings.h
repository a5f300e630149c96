/* What is reported of a run, and the rules that hold for every program. */
#ifndef TESTS_SWEEP_FINDINGS_H
#define TESTS_SWEEP_FINDINGS_H

#include <stdbool.h>

/* PROGRAM is "epoll/lt_server", KIND as in tests/programs; for the command that repeats a run. */
void findings_of(const char *program, const char *kind);

/*
 * Reports that not what was EXPECTED was SEEN, with the fault and the command that repeats this
 * run. Only the first of a run is reported, because others follow from it; and none when the
 * program was killed. printf(3)
 */
void finding(const char *expected, const char *seen, ...) __attribute__((format(printf, 2, 3)));
int findings(void);

/* A copy of TEXT with " | " for each line end, in a buffer of its own. */
const char *one_line(const char *text);

/* A wait status in words: wait(2). */
const char *status_text(int status);

/*
 * The program has ended because of the fault: with status 1 and a line that says what failed, the
 * only one if ONE is true.
 */
void judge_failure(bool one);

/* The program has gone on in spite of the fault: that is worth a line, and not a second one. */
void judge_complaints(void);

/* The end of every run: whether it leaves a process, or a file in the folder. */
void judge_left_behind(void);

#endif
