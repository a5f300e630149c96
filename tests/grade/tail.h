/* A pipe that takes what the program prints, and keeps the end of it. */
#ifndef GRADE_TAIL_H
#define GRADE_TAIL_H

#include <stddef.h>

struct tail {
	int fd; /* non-blocking */
	char text[4096];
	size_t length;
};

/* Makes the pipe, and returns the end of it that the program gets. pipe2(2). */
int tail_open(struct tail *tail);

/* Takes what is in the pipe now: a program that prints without end must not be held up, nor us. */
void tail_drain(struct tail *tail);

#endif
