/* The exercises' own trials: how a connection is served. */
#ifndef GRADE_TRIALS_EXERCISE_H
#define GRADE_TRIALS_EXERCISE_H

#include "tests/grade/trial.h"

extern const struct trial trials_exercise[];

#endif
