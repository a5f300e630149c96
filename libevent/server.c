/*
 * libevent owns the loop, the reading and the writing: a bufferevent is a client with a buffer for
 * each direction, and calls back when something came or went. Here stands only what to do then.
 * Try: many clients at once; one that never reads; strace -c; epoll/reactor_server beside it.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

struct peer {
	LIST_ENTRY(peer) others; /* to free them at the end: libevent does not tell what is open */
	struct bufferevent *bev;
	uint64_t bytes;
	bool ended; /* has sent its last byte */
	char who[];
};

static LIST_HEAD(list, peer) peers;
static struct event_base *base; /* the loop */
static struct evconnlistener *listener;
static struct event *resume; /* a timer */

static void peer_free(struct peer *p, int err)
{
	log_gone(p->who, p->bytes, err);
	LIST_REMOVE(p, others);
	bufferevent_free(p->bev); /* closes the descriptor too */
	free(p);
}

/* Called when input came, and again when all output went. */
static void echo(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev), *out = bufferevent_get_output(bev);
	struct evbuffer_iovec piece;
	struct peer *p = arg;

	if (evbuffer_get_length(out) > 0) { /* not taken yet: until then no more is read */
		bufferevent_disable(bev, EV_READ);
		return;
	}
	/* A buffer is a chain of pieces: changed where they lie, then moved without a copy. */
	while (evbuffer_get_length(in) > 0) {
		evbuffer_peek(in, -1, NULL, &piece, 1);
		log_data(p->who, piece.iov_base, piece.iov_len);
		upper(piece.iov_base, piece.iov_len);
		p->bytes += piece.iov_len;
		evbuffer_remove_buffer(in, out, piece.iov_len);
	}
	if (p->ended && evbuffer_get_length(out) == 0)
		peer_free(p, 0);
	else if (!p->ended && bufferevent_enable(bev, EV_READ) == -1)
		peer_free(p, errno);
}

/* No room for something: it is tried again in 100 ms, or the loop would spin on it. */
static bool pause_for_room(const char *call)
{
	say_shortage(call);
	return evtimer_add(resume, &(struct timeval){.tv_usec = 100000}) == 0;
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct peer *next;

	(void)fd, (void)what, (void)arg;
	if (evconnlistener_enable(listener) == -1)
		pause_for_room("accept");
	for (struct peer *p = LIST_FIRST(&peers); p != NULL; p = next) {
		next = LIST_NEXT(p, others);
		echo(p->bev, p);
	}
}

/* The end of what a client sends, or of the client. */
static void on_end(struct bufferevent *bev, short what, void *arg)
{
	struct peer *p = arg;

	/* No buffer to read into is not the client's fault. */
	if (what == (BEV_EVENT_ERROR | BEV_EVENT_READING) && errno == ENOMEM &&
	    pause_for_room("read"))
		return;
	p->ended = true;
	if (what & BEV_EVENT_EOF)
		echo(bev, p); /* what is owed goes first */
	else
		peer_free(p, what);
}

/* accept has failed: stopped, or no room. */
static void on_accept_error(struct evconnlistener *lev, void *arg)
{
	(void)arg;
	if (stopping()) {
		event_base_loopbreak(base);
		return;
	}
	if (pause_for_room("accept"))
		evconnlistener_disable(lev);
}

static void on_client(struct evconnlistener *lev, evutil_socket_t cfd, struct sockaddr *sa, int len,
		      void *arg)
{
	char who[ADDRESS_TEXT];

	address_text(sa, (socklen_t)len, who);
	struct bufferevent *bev = bufferevent_socket_new(base, cfd, BEV_OPT_CLOSE_ON_FREE);
	struct peer *p = bev == NULL ? NULL : calloc(1, sizeof(*p) + strlen(who) + 1);
	if (p == NULL || bufferevent_enable(bev, EV_READ) == -1) {
		on_accept_error(lev, arg);
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

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=1233]");
	int lfd = tcp_listen(opt.host, opt.port);
	fcntl(lfd, F_SETFL, O_NONBLOCK); /* a client may be gone between the wait and accept */
	raise_descriptor_limit();
	if ((base = event_base_new()) == NULL)
		perr_exit("event_base_new");
	server_ready(lfd);

	listener = evconnlistener_new(base, on_client, NULL, LEV_OPT_DISABLED, 0, lfd);
	resume = evtimer_new(base, on_resume, NULL);
	if (listener == NULL || resume == NULL || evconnlistener_enable(listener) == -1)
		perr_exit("listener");
	evconnlistener_set_error_cb(listener, on_accept_error);
	while (event_base_dispatch(base) == -1)
		shortage("wait for events");
	while (!LIST_EMPTY(&peers))
		peer_free(LIST_FIRST(&peers), 0);
	event_free(resume);
	evconnlistener_free(listener);
	event_base_free(base);
	Close(lfd);
	return server_end();
}
