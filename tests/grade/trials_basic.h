/* The first levels: one client at a time, and what comes back to it. */
#ifndef GRADE_TRIALS_BASIC_H
#define GRADE_TRIALS_BASIC_H

#include "tests/grade/trial.h"

extern const struct trial trials_basic[];

#endif
