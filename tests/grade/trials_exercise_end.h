/* The exercises' own trials: how it ends, and both ends of a proxy. */
#ifndef GRADE_TRIALS_EXERCISE_END_H
#define GRADE_TRIALS_EXERCISE_END_H

#include "tests/grade/trial.h"

extern const struct trial trials_exercise_end[];

#endif
