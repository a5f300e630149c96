/* The level with clients that leave when they should not. */
#ifndef GRADE_TRIALS_LEAVE_H
#define GRADE_TRIALS_LEAVE_H

#include "tests/grade/trial.h"

extern const struct trial trials_leave[];

#endif
