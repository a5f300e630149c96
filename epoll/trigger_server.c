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

enum mode { LT, ET, DRAIN }; /* as -m names them */

static int epfd;
static struct peer { /* by descriptor */
	bool open;
	uint64_t bytes;
	char who[ADDRESS_TEXT];
} peers[CLIENTS];

static void come(int lfd, enum mode mode)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	int cfd = Accept(lfd, (struct sockaddr *)&sa, &len);

	if (cfd == -1) {
		shortage("accept");
		return;
	}
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = cfd};
	if (mode != LT)
		event.events |= EPOLLET;
	errno = EMFILE;
	if (cfd >= CLIENTS || epoll_ctl(epfd, EPOLL_CTL_ADD, cfd, &event) == -1) {
		complain("client refused, descriptor %d", cfd);
		Close(cfd);
		return;
	}
	peers[cfd] = (struct peer){.open = true};
	address_text((struct sockaddr *)&sa, len, peers[cfd].who);
	log_connected(peers[cfd].who);
}

static void leave(int cfd, int err)
{
	log_gone(peers[cfd].who, peers[cfd].bytes, err);
	peers[cfd].open = false;
	Close(cfd);
}

/* One read and its echo. Returns what read did, or -1 with errno. */
static ssize_t step(int cfd, enum mode mode)
{
	char buf[MAXLINE / 2];
	ssize_t n = recv(cfd, buf, sizeof(buf), mode == DRAIN ? MSG_DONTWAIT : 0);

	if (n <= 0)
		return n;
	log_data(peers[cfd].who, buf, (size_t)n);
	peers[cfd].bytes += (size_t)n;
	upper(buf, (size_t)n);
	stop_shuts(cfd); /* it may block: who doesn't read must not keep us from stopping */
	n = Writen(cfd, buf, (size_t)n);
	stop_shuts(-1);
	return n;
}

static void serve(int cfd, uint32_t events, enum mode mode)
{
	ssize_t n;

	do
		n = step(cfd, mode);
	while (n > 0 && (mode == DRAIN || events != EPOLLIN)); /* the end is told only once */
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		leave(cfd, n == 0 ? 0 : errno);
}

int main(int argc, char *argv[])
{
	struct epoll_event ready[10], event = {.events = EPOLLIN};

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-m lt|et|drain] [PORT=8080]");
	enum mode mode = (enum mode)opt.mode;
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
				come(lfd, mode);
			else
				serve(ready[i].data.fd, ready[i].events, mode);
		}
	}
	for (int fd = 0; fd < CLIENTS; fd++)
		if (peers[fd].open)
			leave(fd, 0);
	Close(epfd);
	Close(lfd);
	return server_end();
}
