/*
 * Descriptors in messages, between unix/pass_server and those that connect to its path: workers and
 * a new server. The messages are text on AF_UNIX sockets of type SOCK_SEQPACKET, which keep their
 * borders. unix(7), SCM_RIGHTS.
 */
#ifndef UNIX_PASS_H
#define UNIX_PASS_H

#include <stddef.h>

/* What is asked for, once connected. */
#define SERVE "serve"	/* clients, one message for each: its address as text, and its descriptor */
#define LISTEN "listen" /* the two sockets that the server listens on, to take its place */
#define END "end"	/* they have come: the old server may end */

/* Connects to PATH and sends REQUEST. Returns the descriptor, or -1 with errno. */
int call_server(const char *path, const char *request);

#define MOST_PASSED 2 /* descriptors in a message */

/*
 * Sends TEXT, which must not be empty, and copies of the N descriptors FDS. It does not wait for
 * room. Returns 0, or -1 with errno (EAGAIN: the receiver does not read; ETOOMANYREFS: as many
 * descriptors as RLIMIT_NOFILE are on their way). sendmsg(2).
 */
int send_descriptors(int sock, const char *text, const int fds[], int n);

/*
 * Receives a message, which it waits for: its TEXT, SIZE bytes with the NUL, and N descriptors into
 * FDS. Returns 1; 0 when the descriptors are not N, after a line about it; -1 at end of file and on
 * errors. recvmsg(2).
 */
int receive_descriptors(int sock, char *text, size_t size, int fds[], int n);

#endif
