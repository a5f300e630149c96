/*
 * An experiment: when is an event reported? After each report only 5 bytes are read, half of a
 * burst of epoll/burst_client. -m lt: the rest is reported at once, because the socket is still
 * readable. -m et: nothing new has come, so the rest stays until the next burst. -m drain:
 * edge-triggered, but it reads until EAGAIN, so the read must not block. (A client that does not
 * read its echo blocks them all here; epoll/lt_server and epoll/et_server show how to avoid that.)
 * Try: epoll/burst_client -s 2 against each mode; two of them; Ctrl-C one.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "wrap/client.h"
#include "wrap/log.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

#define BURST_BYTES 10

enum { LT, ET, DRAIN }; /* opt.mode: the order of the words after -m */
static int epfd;

static void add_client(int lfd)
{
	struct client *c = client_accept(lfd);
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c};

	if (opt.mode != LT)
		event.events |= EPOLLET;
	if (c != NULL && epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &event) == -1) {
		complain("client %s refused: epoll_ctl", c->who);
		client_refuse(c);
	}
}

/*
 * Reads once and echoes. Reads on in DRAIN mode, and when an event reports more than input, because
 * ET mode reports the client's end of file only once.
 */
static void serve(struct client *c, uint32_t events)
{
	char buf[BURST_BYTES / 2];
	ssize_t n;

	do {
		n = recv(c->fd, buf, sizeof(buf), opt.mode == DRAIN ? MSG_DONTWAIT : 0);
		if (n > 0) {
			log_data(c->who, buf, (size_t)n);
			c->bytes += (size_t)n;
			upper(buf, (size_t)n);
			stop_also_shuts(c->fd); /* Writen may block: Ctrl-C ends it, too */
			n = Writen(c->fd, buf, (size_t)n);
			stop_also_shuts(-1);
		}
	} while (n > 0 && (opt.mode == DRAIN || events != EPOLLIN));
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		client_close(c);
}

int main(int argc, char *argv[])
{
	struct epoll_event ready[10], event = {.events = EPOLLIN, .data.ptr = NULL};

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-m lt|et|drain] [PORT=8080]");
	opt.verbose = !opt.quiet; /* show the data: what is read, and when, is the point */
	int lfd = tcp_listen(opt.host, opt.port);
	set_nonblocking(lfd);
	raise_descriptor_limit();
	if ((epfd = epoll_create1(0)) == -1)
		perr_exit("epoll_create1");
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, lfd, &event) == -1)
		perr_exit("epoll_ctl");
	server_ready(lfd);

	while (!stopping()) {
		int nready = epoll_wait(epfd, ready, 10, -1);
		if (nready == -1 && errno != EINTR)
			retry_later("epoll_wait");
		for (int i = 0; i < nready; i++) {
			log_line("epoll_wait: event %d of %d", i + 1, nready);
			if (ready[i].data.ptr == NULL)
				add_client(lfd);
			else
				serve(ready[i].data.ptr, ready[i].events);
		}
	}
	close_clients();
	Close(epfd);
	Close(lfd);
	return server_end();
}
