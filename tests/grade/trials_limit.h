/* Levels about the server as a process: restart, signals, descriptors. */
#ifndef GRADE_TRIALS_LIMIT_H
#define GRADE_TRIALS_LIMIT_H

#include "tests/grade/trial.h"

extern const struct trial trials_limit[];

#endif
