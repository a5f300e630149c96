/*
 * The work that all pairs share. Servers: upper-casing, and the echo in its two forms, blocking
 * (serve a client to its end) and non-blocking (one step, then say what to wait for). Clients: a
 * flow, one direction with its buffer, blocking or in a loop, so that neither waits for the other.
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
 * Blocking: waits for the next client on LFD and returns it, in memory of its own that client_free
 * takes back; NULL once the server is stopping. When there is no room for a client it says so and
 * tries again after 100 ms. accept(2).
 */
struct client *client_wait(int lfd);

/* Closes the client's descriptor and frees C. */
void client_free(struct client *c);

/*
 * Blocking: echoes what the client sends, upper-cased, until it ends or fails; logs its coming and
 * going; then client_free.
 */
void echo_client(struct client *c);

/*
 * Non-blocking, for loops that wait for many descriptors. What echo_step answers is what to wait
 * for on that descriptor from now on. WANT_READ is POLLIN and EPOLLIN, WANT_WRITE is POLLOUT and
 * EPOLLOUT: they are the same numbers. poll(2), epoll_ctl(2).
 */
enum {
	OVER = -2, /* nothing: the client is gone, its descriptor closed and out of an epoll set */
	KEEP = -1, /* as before: for now all that came has been answered */
	WANT_NOTHING = 0,
	WANT_READ = POLLIN,
	WANT_WRITE = POLLOUT,
};

/*
 * Accepts one client on the non-blocking LFD and logs it. Returns its descriptor, or -1: there is
 * none, or no room for it; then accepting pauses, for 100 ms at most.
 */
int client_accept(int lfd);

/* Says why CFD can't be served (errno), closes it, and does not count it. */
void client_refuse(int cfd);

/* Closes the client on FD, whatever it is owed; logs it, as reset if ERR is not 0. Returns OVER. */
int client_drop(int fd, int err);

/*
 * One read and one write at most; neither blocks, whatever flags FD has (MSG_DONTWAIT). Returns
 * KEEP; WANT_READ: reading goes on after a wait for room, or the read has filled the buffer, so
 * that there may be more (only an edge-triggered loop need ask anew for that); WANT_WRITE: the
 * client does not take its echo, so nothing more is read from it until it does; OVER. What is owed
 * waits in memory with that client, at most one buffer of it.
 */
int echo_step(int fd);

/*
 * What to wait for on the listening socket: WANT_NOTHING when accepting pauses, WANT_READ when it
 * goes on, else KEEP; and then how long to wait at most: -1, or the milliseconds of a pause.
 */
int accept_want(void);
int accept_timeout(void);

/* Closes the clients there are and frees all that was kept for them. */
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
 * For when the server has ended its side: the client's exit status. flow_end says in one line what
 * failed, if anything did; else client_end looks whether ALL the input was read and as many bytes
 * RECEIVED as SENT, and says what is wrong if not.
 */
int flow_end(const struct flow *up, const struct flow *down);
int client_end(bool all, uint64_t sent, uint64_t received);

#endif
