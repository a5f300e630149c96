/*
 * An experiment: when is an event told? Of each one only 5 bytes are read, half of a burst of
 * epoll/burst_client. -m lt: the rest is told at once, for the socket is still readable. -m et:
 * nothing new has come, so the rest stays until the next burst. -m drain: edge-triggered and read
 * until EAGAIN, for which a read must not block. (A client that does not take its echo blocks all
 * here: how a server avoids that show epoll/lt_server and epoll/et_server.)
 * Try: epoll/burst_client -s 2 against each mode; two of them; Ctrl-C one.
 */
#include <errno.h>
#include <sys/epoll.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

#define MAXLINE 10
#define CLIENTS 64 /* an experiment needs no more */

enum { LT, ET, DRAIN }; /* opt.mode, as -m names them */
static int epfd;
static struct client *clients[CLIENTS]; /* by descriptor */

static void come(int lfd)
{
	struct client *c = client_try(lfd);

	if (c == NULL) /* stopped, or no room: those that are there go on */
		return;
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = c->fd};
	if (opt.mode != LT)
		event.events |= EPOLLET;
	errno = EMFILE;
	if (c->fd >= CLIENTS || epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &event) == -1) {
		complain("client %s refused, descriptor %d", c->who, c->fd);
		client_free(c);
		return;
	}
	clients[c->fd] = c;
	log_connected(c->who);
}

static void leave(struct client *c, int err)
{
	log_gone(c->who, c->bytes, err);
	clients[c->fd] = NULL;
	client_free(c);
}

/* One read and its echo; more of them in DRAIN mode, and at the end, which is told only once. */
static void serve(struct client *c, uint32_t events)
{
	char buf[MAXLINE / 2];
	ssize_t n;

	do {
		n = recv(c->fd, buf, sizeof(buf), opt.mode == DRAIN ? MSG_DONTWAIT : 0);
		if (n > 0) {
			log_data(c->who, buf, (size_t)n);
			c->bytes += (size_t)n;
			upper(buf, (size_t)n);
			stop_shuts(c->fd); /* who doesn't read must not keep us from stopping */
			n = Writen(c->fd, buf, (size_t)n);
			stop_shuts(-1);
		}
	} while (n > 0 && (opt.mode == DRAIN || events != EPOLLIN));
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		leave(c, n == 0 ? 0 : errno);
}

int main(int argc, char *argv[])
{
	struct epoll_event ready[10], event = {.events = EPOLLIN};

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-m lt|et|drain] [PORT=8080]");
	opt.verbose = !opt.quiet; /* what is read when is all that this shows */
	int lfd = event.data.fd = tcp_listen(opt.host, opt.port);
	epfd = Epoll_create1(0);
	server_ready(lfd);

	if (epoll_ctl(epfd, EPOLL_CTL_ADD, lfd, &event) == -1)
		perr_exit("epoll_ctl");
	while (!stopping()) {
		int nready = epoll_wait(epfd, ready, 10, -1);
		if (nready == -1 && errno != EINTR)
			shortage("wait for events");
		for (int i = 0; i < nready; i++) {
			log_line("epoll_wait: event %d of %d\n", i + 1, nready);
			if (ready[i].data.fd == lfd)
				come(lfd);
			else
				serve(clients[ready[i].data.fd], ready[i].events);
		}
	}
	for (int fd = 0; fd < CLIENTS; fd++)
		if (clients[fd] != NULL)
			leave(clients[fd], 0);
	Close(epfd);
	Close(lfd);
	return server_end();
}
