/*
 * libevent owns the loop, the reading and the writing: a bufferevent is a client with a buffer for
 * each direction, and it calls back when something came or went. This file has only what to do
 * then.
 * Try: many clients at once; one that never reads; strace -c; compare with epoll/reactor_server.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "wrap/client.h"
#include "wrap/log.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/text.h"
#include "wrap/wrap.h"

struct peer {
	LIST_ENTRY(peer) others; /* to close them all at the end: libevent keeps no list */
	struct bufferevent *bev;
	uint64_t bytes;
	bool ended; /* it has sent its last byte */
	char who[];
};

static LIST_HEAD(list, peer) peers;
static struct event_base *base; /* the loop */

static void peer_free(struct peer *p, bool reset)
{
	log_gone(p->who, p->bytes, reset);
	LIST_REMOVE(p, others);
	bufferevent_free(p->bev); /* closes the descriptor, too */
	free(p);
}

/* Called when input has come, and again when all output has been sent. */
static void echo(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev), *out = bufferevent_get_output(bev);
	struct evbuffer_iovec piece;
	struct peer *p = arg;

	if (evbuffer_get_length(out) > 0) { /* read nothing more until the client accepts it */
		bufferevent_disable(bev, EV_READ);
		return;
	}
	/* A buffer is a chain of pieces: each is upper-cased in place and moved without a copy. */
	while (evbuffer_get_length(in) > 0) {
		evbuffer_peek(in, -1, NULL, &piece, 1);
		log_data(p->who, piece.iov_base, piece.iov_len);
		upper(piece.iov_base, piece.iov_len);
		p->bytes += piece.iov_len;
		evbuffer_remove_buffer(in, out, piece.iov_len);
	}
	if (p->ended && evbuffer_get_length(out) == 0)
		peer_free(p, false);
	else if (!p->ended && bufferevent_enable(bev, EV_READ) == -1)
		peer_free(p, true);
}

/* The client has sent its last byte (EOF), or the connection has failed. */
static void on_end(struct bufferevent *bev, short what, void *arg)
{
	struct peer *p = arg;

	p->ended = true;
	if (what & BEV_EVENT_EOF)
		echo(bev, p); /* it closes when the echo has been sent */
	else
		peer_free(p, true);
}

static void on_client(struct evconnlistener *lev, evutil_socket_t cfd, struct sockaddr *sa, int len,
		      void *arg)
{
	char who[ADDRESS_TEXT];

	(void)lev, (void)arg;
	address_text(sa, (socklen_t)len, who);
	struct bufferevent *bev = bufferevent_socket_new(base, cfd, BEV_OPT_CLOSE_ON_FREE);
	struct peer *p = bev == NULL ? NULL : calloc(1, sizeof(*p) + strlen(who) + 1);
	if (p == NULL || bufferevent_enable(bev, EV_READ) == -1) {
		complain("client %s refused: bufferevent", who);
		if (bev == NULL)
			Close(cfd);
		else
			bufferevent_free(bev); /* closes it */
		free(p);
		return;
	}
	p->bev = bev;
	strcpy(p->who, who);
	LIST_INSERT_HEAD(&peers, p, others);
	bufferevent_setcb(bev, echo, echo, on_end, p);
	log_connected(who);
}

/* accept has failed: a stop, or no room for a client. */
static void on_accept_error(struct evconnlistener *lev, void *arg)
{
	(void)arg;
	if (stopping())
		event_base_loopbreak(base);
	else
		accept_failed(evconnlistener_get_fd(lev));
	reserve_descriptor();
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=1233]");
	int lfd = tcp_listen(opt.host, opt.port);
	set_nonblocking(lfd); /* an accept that finds no client must not block */
	raise_descriptor_limit();
	reserve_descriptor();
	if ((base = event_base_new()) == NULL)
		perr_exit("event_base_new");
	struct evconnlistener *listener =
	    evconnlistener_new(base, on_client, NULL, LEV_OPT_DISABLED, 0, lfd);
	if (listener == NULL || evconnlistener_enable(listener) == -1)
		perr_exit("evconnlistener_new");
	evconnlistener_set_error_cb(listener, on_accept_error);
	server_ready(lfd);

	while (event_base_dispatch(base) == -1 && !stopping())
		retry_later("event_base_dispatch");
	while (!LIST_EMPTY(&peers))
		peer_free(LIST_FIRST(&peers), false);
	evconnlistener_free(listener);
	event_base_free(base);
	Close(lfd);
	return server_end();
}
