/* The echo for event loops: one step at a time, and no step blocks. */
#ifndef WRAP_CLIENT_H
#define WRAP_CLIENT_H

#include <poll.h>

#include "wrap/echo.h" /* struct client */

/*
 * Accepts a client on the non-blocking socket LFD and logs it. Returns the client, or NULL when
 * there is none. When descriptors have run out it reports that once and closes the next client,
 * because a client that stayed in the queue would wake the loop again and again. Call
 * raise_descriptor_limit first: it keeps descriptors below MOST_FDS. accept(2).
 */
struct client *client_accept(int lfd);

/* What to wait for on a descriptor from now on. POLLIN and POLLOUT are EPOLLIN and EPOLLOUT too. */
enum {
	GONE = -1,     /* nothing: the client has been closed and freed */
	NO_CHANGE = 0, /* the same as before */
	WAIT_READ = POLLIN,
	WAIT_WRITE = POLLOUT,
};

/*
 * Takes one step with the client on FD, at most one read and one write. Returns what to wait for.
 * WAIT_WRITE: bytes are pending, and nothing more is read until the client has accepted them.
 * WAIT_READ: it has just accepted pending bytes, or the read filled the buffer and more may have
 * come. NO_CHANGE: all that came has been answered. GONE: the client is closed. recv(2) and
 * send(2), MSG_DONTWAIT.
 */
int echo_step(int fd);

/* Both close and free C. client_close logs it as closed, client_refuse as refused. */
void client_close(struct client *c);
void client_refuse(struct client *c);

/* Closes all clients that client_accept has returned. */
void close_clients(void);

/*
 * For a loop that accepts by itself. reserve_descriptor opens a spare descriptor, unless there is
 * one. Call accept_failed after a failed accept: when descriptors have run out, it closes the spare
 * one, accepts the next client in its place, and closes that client. On EAGAIN it does nothing.
 * After any other error it waits 100 ms.
 */
void reserve_descriptor(void);
void accept_failed(int lfd);

#endif
