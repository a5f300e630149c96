/* Levels for servers of datagrams: UDP, and AF_UNIX with SOCK_DGRAM. */
#ifndef GRADE_TRIALS_DATAGRAM_H
#define GRADE_TRIALS_DATAGRAM_H

#include "tests/grade/trial.h"

extern const struct trial trials_datagram[];

#endif
