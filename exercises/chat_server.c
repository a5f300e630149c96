/*
 * The exercise "chat": each line, upper-cased, goes to all other clients. A line is kept with its
 * client until its end has come, so that others never see it in pieces; a client that does not read
 * its lines is closed, because they would have to wait somewhere.
 * Try: three terminals with poll/client 127.0.0.1 6667; kill -STOP one of them and type much.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "wrap/client.h"
#include "wrap/log.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

#define MOST_LINE 4096 /* bytes, with the newline */

static struct pollfd set[MOST_FDS];	 /* set[fd] is fd's entry; poll skips one whose .fd is -1 */
static struct client *clients[MOST_FDS]; /* their .pending is the beginning of the next line */
static int nfds;			 /* one more than the highest descriptor so far */

static void watch(int fd)
{
	while (fd >= nfds)
		set[nfds++].fd = -1;
	set[fd] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void end(struct client *c, bool reset)
{
	log_gone(c->who, c->bytes, reset);
	set[c->fd].fd = -1;
	clients[c->fd] = NULL;
	Close(c->fd);
	free(c->pending);
	free(c);
}

static void begin(int lfd)
{
	reserve_descriptor();
	struct client *c = try_accept(lfd);
	if (c == NULL) {
		accept_failed(lfd);
		return;
	}
	log_connected(c->who);
	watch(c->fd);
	clients[c->fd] = c;
	if ((c->pending = malloc(MOST_LINE)) == NULL)
		end(c, true);
}

/* A client that does not take all of it is shut down: poll reports that, and step closes it. */
static void send_to_others(const struct client *c, const char *lines, size_t n)
{
	for (int fd = 0; fd < nfds; fd++)
		if (clients[fd] != NULL && fd != c->fd &&
		    send(fd, lines, n, MSG_DONTWAIT) != (ssize_t)n)
			shutdown(fd, SHUT_RDWR);
}

static void step(struct client *c)
{
	char *rest = c->pending + c->npending;
	ssize_t n = recv(c->fd, rest, (size_t)(MOST_LINE - c->npending), MSG_DONTWAIT);

	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0) { /* also when the line is too long: then there is room for 0 bytes */
		end(c, n == -1);
		return;
	}
	c->bytes += (size_t)n;
	log_data(c->who, rest, (size_t)n);
	upper(rest, (size_t)n);
	c->npending += (int)n;
	const char *newline = memrchr(c->pending, '\n', (size_t)c->npending);
	if (newline == NULL)
		return;
	int whole = (int)(newline + 1 - c->pending); /* bytes of whole lines */
	send_to_others(c, c->pending, (size_t)whole);
	c->npending -= whole;
	memmove(c->pending, c->pending + whole, (size_t)c->npending);
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=6667]");
	int lfd = tcp_listen(opt.host, opt.port);
	set_nonblocking(lfd); /* Accept retries when a connection has failed: it must not block */
	raise_descriptor_limit();
	watch(lfd);
	server_ready(lfd);

	while (!stopping()) {
		int nready = poll(set, (nfds_t)nfds, -1);
		if (nready == -1 && errno != EINTR)
			retry_later("poll");
		for (int fd = 0; nready > 0 && fd < nfds; fd++) {
			if (set[fd].fd == -1 || set[fd].revents == 0)
				continue;
			nready--;
			if (fd == lfd)
				begin(lfd);
			else
				step(clients[fd]);
		}
	}
	for (int fd = 0; fd < nfds; fd++)
		if (clients[fd] != NULL)
			end(clients[fd], false);
	Close(lfd);
	return server_end();
}
