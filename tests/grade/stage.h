/* A client that is graded, between its input, its output and a server of the grader's. */
#ifndef GRADE_STAGE_H
#define GRADE_STAGE_H

#include <stdbool.h>
#include <stddef.h>

/* How a client that connects fares: it is refused, it gets no answer, it is connected. */
enum door { SHUT, SILENT, OPEN };

/*
 * Runs the client's command once. It is given the N bytes at INPUT, then the end of it; SERVER runs
 * in a process of its own with the socket LFD, which listens unless the DOOR is SHUT, or is a
 * datagram socket, and ends the try by fails when the client does wrong. Returns when the client
 * has ended, or ends the try when that does not happen.
 */
void stage_play(const char *input, size_t n, enum door door, void (*server)(int lfd));

/* What came of it. Each ends the try unless the output is the echo of the input; unless the client
 * has ended with status 0; unless with another one and a line on stderr that says why. */
void stage_expect_echo(const char *input, size_t n);
void stage_expect_success(void);
void stage_expect_complaint(void);

#endif
