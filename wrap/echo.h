/* The servers' work: upper-casing, and the echo of a server that blocks. */
#ifndef WRAP_ECHO_H
#define WRAP_ECHO_H

#include <stddef.h>
#include <stdint.h>

/* Changes ASCII a-z to A-Z in the N bytes at BUF; every other byte stays as it is. */
void upper(char *buf, size_t n);

/* A client that was accepted. */
struct client {
	int fd;
	int npending;	/* for event loops only: how many bytes PENDING has */
	char *pending;	/* the echo that the client has not accepted yet, or NULL */
	uint64_t bytes; /* how many the client has sent so far */
	char who[];	/* its address as text: getpeername(2) fails after a reset */
};

/*
 * Waits for the next client on LFD and returns it, in memory of its own: the caller closes its
 * descriptor and frees it. When there is no room for one (descriptors, memory) it reports that and
 * tries again after 100 ms. Returns NULL once the server is stopping; if LFD is shut down without a
 * stop, it ends the program. accept(2). An event loop, which must not wait here, uses client_accept
 * instead (wrap/client.h).
 */
struct client *accept_client(int lfd);

/* The same without waiting for room. Returns the client, or NULL with errno. */
struct client *try_accept(int lfd);

/* Echoes what C sends, upper-cased, until C ends or fails. Logs its coming and going. */
void echo_client(struct client *c);

#endif
