/*
 * Descriptors in messages, between unix/pass_server and those that connect to its path: workers and
 * a new server. The messages are text on AF_UNIX sockets of type SOCK_SEQPACKET, which keep their
 * borders. unix(7), SCM_RIGHTS.
 */
#ifndef UNIX_PASS_H
#define UNIX_PASS_H

#include <stddef.h>

/* The requests. */
#define SERVE "serve"	/* pass me clients, one a message: its address as text, its descriptor */
#define LISTEN "listen" /* pass me your two listening sockets: I take your place */
#define END "end"	/* I have them: you may end */

/* Connects to PATH and sends REQUEST. Returns the descriptor, or -1 with errno. */
int call_server(const char *path, const char *request);

#define MOST_PASSED 2 /* descriptors in a message */

/*
 * Sends TEXT, which must not be empty, and copies of the N descriptors FDS. It does not wait for
 * room. Returns 0, or -1 with errno (EAGAIN: the receiver does not read; ETOOMANYREFS: more
 * descriptors are on their way than RLIMIT_NOFILE). sendmsg(2).
 */
int send_descriptors(int sock, const char *text, const int fds[], int n);

/*
 * Waits for a message. Stores its text in TEXT (SIZE bytes with the NUL) and its N descriptors in
 * FDS. Returns 1; 0, after a line about it, if it does not have N descriptors; -1 at end of file
 * and on errors. recvmsg(2).
 */
int receive_descriptors(int sock, char *text, size_t size, int fds[], int n);

#endif
