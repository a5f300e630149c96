/*
 * The grader's own connections to the server. Each function is a step of the story; when the server
 * does something else, or nothing in time, the try ends there.
 */
#ifndef GRADE_VISIT_H
#define GRADE_VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/grade/connect.h"

/* Sends TEXT, or N bytes, whole; a datagram as one. */
void visit_send(int fd, const char *text);
void visit_send_bytes(int fd, const char *bytes, size_t n);

/* Expects the echo of TEXT, or of N bytes. */
void visit_hear(int fd, const char *text);
void visit_hear_bytes(int fd, const char *bytes, size_t n);

/* Half-closes; expects the end of the stream; closes; resets. shutdown(2), SHUT_WR; SO_LINGER. */
void visit_half_close(int fd);
void visit_end(int fd);
void visit_close(int fd);
void visit_reset(int fd);

/* One line there and back, by a client that comes and leaves: "a new client is answered". */
void visit_once(const char *text);

/* Waits until FD is ready for EVENTS, or until UNTIL, of clock_ms; false: it is not. poll(2). */
bool visit_wait(int fd, short events, int64_t until);

/* What the server must make of the N bytes at BYTES: upper-case, or with ECHO=plain the same. */
void visit_echo(char *bytes, size_t n);

#endif
