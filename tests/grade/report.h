/* What the user reads: text, TAP, or Gradescope's JSON. */
#ifndef GRADE_REPORT_H
#define GRADE_REPORT_H

#include <stddef.h>

#include "tests/grade/table.h"

enum verdict { PASSED, FAILED, NOT_TRIED };

/* One level's result. DETAILS is what is printed about a failure, lines that end with newlines. */
struct result {
	enum verdict verdict;
	int score;
	char *details;
};

/* The details of a failure, from the story and the table; the caller frees it. OUTPUT is the end of
 * what the program has printed. */
char *report_failure(const struct level *level, const char *output, size_t n);

/* Print, in the format of the settings: what comes first; a level as soon as it is known; the end.
 */
void report_begin(void);
void report_level(int nth, const struct result *result);
void report_end(const struct result *results);

#endif
