/* Levels with one client that behaves badly, and with others beside it. */
#ifndef GRADE_TRIALS_ROUGH_H
#define GRADE_TRIALS_ROUGH_H

#include "tests/grade/trial.h"

extern const struct trial trials_rough[];

#endif
