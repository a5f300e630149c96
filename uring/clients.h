/*
 * The clients of uring/server, and the bytes that are pending for each of them: in a buffer of the
 * ring, or, when the client is slow, in memory of its own.
 */
#ifndef URING_CLIENTS_H
#define URING_CLIENTS_H

#include <stdbool.h>

#include "wrap/echo.h" /* struct client */

/*
 * Returns a new client for the connection CFD, and logs it. Call raise_descriptor_limit first: it
 * keeps descriptors below MOST_FDS. When there is no memory it reports that, closes CFD and returns
 * NULL.
 */
struct client *add_client(int cfd);

/* Logs that C has left, closes its connection and frees it. Nothing of it may be in flight. */
void client_gone(struct client *c, bool reset);

/* C has accepted SENT more bytes. Returns whether that was all. */
bool sent_all(struct client *c, int sent);

/*
 * Moves what is pending to memory of C's own, so that the ring has its buffer back. Returns false
 * and reports it when there is no memory.
 */
bool keep_pending(struct client *c);

/* Logs all clients as closed. The program's end closes them, and ends what is in flight. */
void log_all_gone(void);

#endif
