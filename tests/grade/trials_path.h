/* Levels about an address that is taken, and about the file of a path. */
#ifndef GRADE_TRIALS_PATH_H
#define GRADE_TRIALS_PATH_H

#include "tests/grade/trial.h"

extern const struct trial trials_path[];

#endif
