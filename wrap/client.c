/*
 * The non-blocking echo. A loop serves many clients, so none of them may make it wait: what a
 * client does not accept is kept in its struct client (the pending bytes), and nothing more is read
 * from it until it has accepted them. So a client cannot fill the server's memory, and TCP makes
 * the client wait in turn.
 */
#include "wrap/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wrap/error.h"
#include "wrap/log.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

#define STEP_BYTES (128 * 1024) /* large reads make bulk data fast */

/*
 * The array of clients, by descriptor; its untouched pages take no memory. The entries are atomic
 * because one thread may close a client while another accepts the next one on the same descriptor.
 */
static _Atomic(struct client *) clients[MOST_FDS];
static int nclients;	 /* one more than the highest descriptor of a client so far */
static int reserve = -1; /* a spare descriptor, for accept_failed */

void reserve_descriptor(void)
{
	if (reserve == -1)
		reserve = open("/dev/null", O_RDONLY);
}

void accept_failed(int lfd)
{
	if ((errno == EMFILE || errno == ENFILE) && reserve != -1) {
		complain_once("accept");
		/* Close the spare descriptor, accept the waiting client in its place, close it. */
		close(reserve);
		reserve = -1;
		int cfd = accept(lfd, NULL, NULL);
		if (cfd != -1)
			close(cfd);
	} else if (errno != EAGAIN) {
		retry_later("accept");
	}
}

struct client *client_accept(int lfd)
{
	reserve_descriptor();
	struct client *c = try_accept(lfd);
	if (c == NULL) {
		accept_failed(lfd);
		return NULL;
	}
	clients[c->fd] = c;
	if (c->fd >= nclients)
		nclients = c->fd + 1;
	log_connected(c->who);
	return c;
}

static void forget(struct client *c)
{
	clients[c->fd] = NULL; /* before close: after it accept may return the same number */
	Close(c->fd);
	free(c->pending);
	free(c);
}

/* Returns GONE, for echo_step. */
static int gone(struct client *c, bool reset)
{
	log_gone(c->who, c->bytes, reset);
	forget(c);
	return GONE;
}

void client_close(struct client *c)
{
	gone(c, false);
}

void client_refuse(struct client *c)
{
	log_refused(c->who);
	forget(c);
}

void close_clients(void)
{
	for (int fd = 0; fd < nclients; fd++)
		if (clients[fd] != NULL)
			client_close(clients[fd]);
}

/* Sends N bytes to C and keeps what C does not accept. DATA may be what was kept before. */
static int give(struct client *c, char *data, size_t n)
{
	ssize_t sent = send(c->fd, data, n, MSG_DONTWAIT);

	if (sent == -1 && errno != EAGAIN)
		return gone(c, true);
	size_t rest = sent == -1 ? n : n - (size_t)sent;
	if (rest == 0) {
		free(c->pending);
		c->pending = NULL;
		return WAIT_READ;
	}
	if (c->pending == NULL && (c->pending = malloc(rest)) == NULL) {
		complain_once("malloc");
		return gone(c, true);
	}
	memmove(c->pending, data + n - rest, rest);
	c->npending = (int)rest;
	return WAIT_WRITE;
}

int echo_step(int fd)
{
	struct client *c = clients[fd];
	char buf[STEP_BYTES];

	if (c->pending != NULL)
		return give(c, c->pending, (size_t)c->npending);
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n == -1 && errno == EAGAIN)
		return NO_CHANGE;
	if (n <= 0)
		return gone(c, n == -1);
	c->bytes += (size_t)n;
	log_data(c->who, buf, (size_t)n);
	upper(buf, (size_t)n);
	int next = give(c, buf, (size_t)n);
	if (next == WAIT_READ && (size_t)n < sizeof(buf))
		return NO_CHANGE; /* a short read: nothing is left */
	return next;
}
