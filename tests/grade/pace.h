/* How fast this machine is at the moment, and the time bounds that follow from it. */
#ifndef GRADE_PACE_H
#define GRADE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Times a small echo between two processes, and scales all bounds by it: a machine that needs three
 * times as long as an idle one gives the graded program three times as long, up to five times.
 */
void pace_measure(void);

/* Measures again. Whether the machine is more than twice as slow as at the last time. */
bool pace_got_worse(void);

/* MS milliseconds on an idle machine, scaled. */
int scaled_ms(double ms);

/* How long an answer may take, in milliseconds; ANSWER_SECONDS, scaled. */
int answer_ms(void);

/*
 * The level that begins now has LEVEL_SECONDS, scaled, for all that it does. level_left says how
 * many milliseconds are left, 0 when none are.
 */
#define LEVEL_SECONDS 20
void level_begins(void);
int level_left(void);

/* A time by which an answer must have come: clock_ms, and neither after the level's end. */
int64_t answer_by(void);

/* Milliseconds as a text like "2 s" or "0.5 s", until the next call. */
const char *in_seconds(int ms);

#endif
