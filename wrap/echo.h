/*
 * The work that all pairs share: upper-casing; the servers' echo in its two forms, blocking and
 * non-blocking; the clients' flow, one direction with its buffer, which serves in both forms too.
 */
#ifndef WRAP_ECHO_H
#define WRAP_ECHO_H

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Changes ASCII a-z to A-Z in the N bytes at BUF; every other byte stays. */
void upper(char *buf, size_t n);

/* A client that was accepted. */
struct client {
	char *owed;	/* what it has not taken yet, NOWED bytes; NULL: nothing */
	uint64_t bytes; /* that it sent */
	int fd, nowed;
	char who[]; /* its address, as accept told it: after a reset nobody could */
};

/*
 * Blocking. client_wait returns the next client on LFD, in memory of its own; NULL once the server
 * is stopping. When there is no room for one it says so and tries again after 100 ms; client_try,
 * for who has others to serve, returns NULL then. echo_client echoes, upper-cased, until the client
 * ends or fails, logs its coming and going, and then does what client_free does alone: closes the
 * descriptor and frees C. accept(2).
 */
struct client *client_wait(int lfd);
struct client *client_try(int lfd);
void echo_client(struct client *c);
void client_free(struct client *c);

/*
 * Non-blocking, for loops that wait for many descriptors: what to wait for on one from now on.
 * POLLIN and EPOLLIN are the same number, POLLOUT and EPOLLOUT too. poll(2), epoll_ctl(2).
 */
enum {
	OVER = -2, /* nothing: the client is gone, its descriptor closed and out of an epoll set */
	KEEP = -1, /* as before: for now all that came has been answered */
	WANT_NOTHING = 0,
	WANT_READ = POLLIN,
	WANT_WRITE = POLLOUT,
};

/*
 * client_accept takes a client from the non-blocking LFD and logs it. Returns its descriptor, or
 * -1: there is none, or no room for it. Then accepting pauses, for 100 ms at most: accept_want
 * tells what to wait for on LFD, WANT_NOTHING when a pause begins, WANT_READ when it ends, else
 * KEEP; accept_timeout the milliseconds to wait at most, -1 when there is no pause.
 */
int client_accept(int lfd);
int accept_want(void);
int accept_timeout(void);

/*
 * One read and one write at most; neither blocks, whatever flags FD has (MSG_DONTWAIT). Returns
 * KEEP; WANT_WRITE: the client does not take its echo, of which one buffer at most is kept, and
 * nothing more is read from it until it does; WANT_READ: it has taken it, or the read filled the
 * buffer, so that there may be more (only an edge-triggered loop need ask anew for that); OVER.
 */
int echo_step(int fd);

/* Says why CFD can't be served (errno), closes it, and does not count it. */
void client_refuse(int cfd);

/* Closes the client on FD, whatever it is owed; logs it, as reset if ERR is not 0. Returns OVER. */
int client_drop(int fd, int err);

/* Closes all clients and frees what was kept for them. */
void echo_end(void);

/*
 * One direction of a client: what FROM gave and TO has not taken yet. It waits for one thing at a
 * time: for FROM while the buffer is empty, else for TO. What flow_end looks at is atomic, for the
 * other direction's thread or process may still be at work.
 */
struct flow {
	int from, to;
	atomic_bool ended;   /* FROM's input is over, or one of the two has failed: */
	atomic_int err;	     /* errno of that */
	atomic_ullong bytes; /* what passed so far */
	size_t off, rest;    /* what waits: REST bytes from buf[off] on */
	char buf[65536];
};

/*
 * Takes the step that F waits for: one read, or one write. Where TO is stdout a write is no larger
 * than what a pipe that is ready takes without blocking (PIPE_BUF, pipe(7)); a terminal that was
 * stopped may still make it wait. Returns false when F has ended.
 */
bool flow_step(struct flow *f);

/*
 * When the server has ended its side: return the client's exit status, and say in a line what
 * failed. flow_end looks at the flows' errors, client_end whether ALL the input was read and as
 * many bytes RECEIVED as SENT; flow_end ends with that.
 */
int flow_end(const struct flow *up, const struct flow *down);
int client_end(bool all, uint64_t sent, uint64_t received);

#endif
