/* Levels with many clients, at once or one after another. */
#ifndef GRADE_TRIALS_CROWD_H
#define GRADE_TRIALS_CROWD_H

#include "tests/grade/trial.h"

extern const struct trial trials_crowd[];

#endif
