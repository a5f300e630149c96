/* The level with hundreds of clients one after another. */
#ifndef GRADE_TRIALS_ROW_H
#define GRADE_TRIALS_ROW_H

#include "tests/grade/trial.h"

extern const struct trial trials_row[];

#endif
