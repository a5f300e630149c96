/* The exercises' own trials: several clients at the same time. */
#ifndef GRADE_TRIALS_EXERCISE_CROWD_H
#define GRADE_TRIALS_EXERCISE_CROWD_H

#include "tests/grade/trial.h"

extern const struct trial trials_exercise_crowd[];

#endif
