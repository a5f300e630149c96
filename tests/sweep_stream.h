/* The clients of a stream server while one of its calls fails. */
#ifndef TESTS_SWEEP_STREAM_H
#define TESTS_SWEEP_STREAM_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Clients that stay, leave, reset, one after the other and, unless ALONE, two at a time. At most
 * MAY_BE_LOST may be lost, and the next one has to be served. Reports what is wrong.
 */
#define STREAM_CLIENTS 4
void stream_session(const struct sockaddr *sa, socklen_t len, bool alone, int may_be_lost);

/* Returns a client that is served and still connected. */
int stream_stay(const struct sockaddr *sa, socklen_t len);

#endif
