/* What the unit tests share: a line for each check, "ok WHAT" or "FAIL WHAT: expected …, saw …". */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <stdbool.h>
#include <stdlib.h>

/* WHAT holds when WANT and SEEN are the same number, or the same text. */
void expect(const char *what, long long want, long long seen);
void expect_text(const char *what, const char *want, const char *seen);

/* WHAT holds when RESULT, of a call that was just made, is -1, and errno is WANT. errno(3). */
void expect_error(const char *what, int want, long long result);

/*
 * Runs TEST in a process of its own, so that one that crashes or hangs fails alone. What it writes
 * to stderr is kept for said and expect_end, and shown when the test fails.
 */
void run(const char *name, void (*test)(void));

/*
 * The text that came on the running test's stderr since the last call, without the sentences before
 * the errors' names, because each C library has its own.
 */
const char *said(void);

/* WHAT holds when CALL, an expression, ends the program with STATUS and writes WANT to stderr. */
#define expect_end(what, status, want, call)          \
	do {                                          \
		if (split_off()) {                    \
			(void)(call);                 \
			exit(EXIT_SUCCESS);           \
		}                                     \
		expect_split_off(what, status, want); \
	} while (0)
bool split_off(void);
void expect_split_off(const char *what, int status, const char *want);

/* The exit status of the test: 0, or 1 when a check has failed. */
int checked(void);

#endif
