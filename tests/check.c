/* The unit tests' checks. Every line is written at once, so that none is lost if the next check
 * crashes. */
#include "tests/check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool failed;

void expect(const char *what, long long want, long long seen)
{
	if (want == seen)
		printf("ok %s\n", what);
	else
		printf("FAIL %s: expected %lld, saw %lld\n", what, want, seen);
	fflush(stdout);
	failed |= want != seen;
}

void expect_text(const char *what, const char *want, const char *seen)
{
	bool same = strcmp(want, seen) == 0;

	if (same)
		printf("ok %s\n", what);
	else
		printf("FAIL %s: expected '%s', saw '%s'\n", what, want, seen);
	fflush(stdout);
	failed |= !same;
}

void expect_error(const char *what, int want, long long result)
{
	expect(what, want, result == -1 ? errno : 0);
}

int checked(void)
{
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
