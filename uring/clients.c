/*
 * A client's pending bytes lie in a buffer of the ring at first. A client that does not accept them
 * at once must not keep that buffer, because a few such clients would have them all, and nobody
 * else could be served.
 */
#include "uring/clients.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "uring/ring.h"
#include "wrap/log.h"
#include "wrap/server.h"
#include "wrap/text.h"
#include "wrap/wrap.h"

static struct client *clients[MOST_FDS]; /* by descriptor; untouched pages take no memory */
static int nclients; /* one more than the highest descriptor of a client so far */

struct client *add_client(int cfd)
{
	struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(sa);
	char who[ADDRESS_TEXT];

	getpeername(cfd, (struct sockaddr *)&sa, &len); /* fails after a reset: "(unknown)" */
	address_text((struct sockaddr *)&sa, len, who);
	struct client *c = malloc(sizeof(*c) + strlen(who) + 1);
	if (c == NULL) {
		complain_once("malloc");
		Close(cfd);
		return NULL;
	}
	*c = (struct client){.fd = cfd};
	strcpy(c->who, who);
	clients[cfd] = c;
	if (cfd >= nclients)
		nclients = cfd + 1;
	log_connected(who);
	return c;
}

static void drop_pending(struct client *c)
{
	if (ring_has(c->pending))
		ring_give_back(c->pending);
	else
		free(c->pending);
	c->pending = NULL;
	c->npending = 0;
}

void client_gone(struct client *c, bool reset)
{
	log_gone(c->who, c->bytes, reset);
	drop_pending(c);
	clients[c->fd] = NULL;
	Close(c->fd);
	free(c);
}

bool sent_all(struct client *c, int sent)
{
	c->npending -= sent;
	memmove(c->pending, c->pending + sent, (size_t)c->npending);
	if (c->npending == 0)
		drop_pending(c);
	return c->pending == NULL;
}

bool keep_pending(struct client *c)
{
	int n = c->npending;

	if (!ring_has(c->pending))
		return true;
	char *own = malloc((size_t)n);
	if (own == NULL) {
		complain_once("malloc");
		return false;
	}
	memcpy(own, c->pending, (size_t)n);
	drop_pending(c);
	c->pending = own;
	c->npending = n;
	return true;
}

void log_all_gone(void)
{
	for (int fd = 0; fd < nclients; fd++)
		if (clients[fd] != NULL)
			log_gone(clients[fd]->who, clients[fd]->bytes, false);
}
