/* What the unit tests share: a line for each check, "ok WHAT" or "FAIL WHAT: expected …, saw …". */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

/* WHAT holds when WANT and SEEN are the same number, or the same text. */
void expect(const char *what, long long want, long long seen);
void expect_text(const char *what, const char *want, const char *seen);

/* WHAT holds when RESULT, of a call that was just made, is -1, and errno is WANT. errno(3). */
void expect_error(const char *what, int want, long long result);

/* The exit status of the test: 0, or 1 when a check has failed. */
int checked(void);

#endif
