/* The clients of a stream server while one of its calls fails. */
#ifndef TESTS_SWEEP_STREAM_H
#define TESTS_SWEEP_STREAM_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Clients that stay, leave, reset, one after the other and, unless ALONE, two at a time. At most
 * one may be lost, and the next one has to be served. Reports what is wrong.
 */
void stream_session(const struct sockaddr *sa, socklen_t len, bool alone);

/* Returns a client that is served and still connected. */
int stream_stay(const struct sockaddr *sa, socklen_t len);

#endif
