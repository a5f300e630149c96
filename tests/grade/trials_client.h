/* Levels of clients, with servers that answer late, in pieces, half, or never. */
#ifndef GRADE_TRIALS_CLIENT_H
#define GRADE_TRIALS_CLIENT_H

#include "tests/grade/trial.h"

extern const struct trial trials_client[];

#endif
