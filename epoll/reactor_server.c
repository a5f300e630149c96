/*
 * One thread and many clients: events with call-backs. The loop in epoll/reactor.c owns the
 * waiting; what is left here is the work, one call-back for the listening socket and one for
 * clients. The loop also keeps the time: with -t it calls back when a client has been silent for
 * that long.
 * Try: -t 5 and a silent client; many clients at once; strace -c; compare with epoll/lt_server.
 */
#include <sys/epoll.h>

#include "epoll/reactor.h"
#include "wrap/client.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

static void on_client(struct reactor *r, int fd, uint32_t events, void *arg)
{
	struct client *c = arg;
	int next = NO_CHANGE;

	if (events != 0) {
		next = echo_step(fd);
	} else if (c->pending == NULL) { /* silent for -t, and not just slow to read */
		client_close(c);
		next = GONE;
	}
	if (next == GONE)
		reactor_remove(r, fd);
	else if (next != NO_CHANGE && reactor_change(r, fd, (uint32_t)next) == -1)
		complain("epoll_ctl");
}

/* A client is waiting, or a stop has shut lfd down (EPOLLHUP). */
static void on_listener(struct reactor *r, int lfd, uint32_t events, void *arg)
{
	(void)events, (void)arg;
	if (stopping()) {
		reactor_stop(r);
		return;
	}
	struct client *c = client_accept(lfd);
	if (c == NULL)
		return;
	if (reactor_add(r, c->fd, WAIT_READ, on_client, c) == -1) {
		complain("client %s refused: epoll_ctl", c->who);
		client_refuse(c);
		return;
	}
	reactor_timeout(r, c->fd, (int)(1000 * opt.timeout));
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-t SECONDS] [PORT=8890]");
	int lfd = tcp_listen(opt.host, opt.port);
	set_nonblocking(lfd); /* Accept retries when a connection has failed: it must not block */
	raise_descriptor_limit();
	struct reactor *r = reactor_new();
	if (r == NULL)
		perr_exit("reactor_new");
	if (reactor_add(r, lfd, WAIT_READ, on_listener, NULL) == -1)
		perr_exit("reactor_add");
	server_ready(lfd);

	while (reactor_run(r) == -1)
		retry_later("epoll_wait");
	close_clients();
	reactor_free(r);
	Close(lfd);
	return server_end();
}
