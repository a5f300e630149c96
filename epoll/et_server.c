/*
 * One thread and many clients: epoll waits for all of them, and nothing else blocks. The kernel
 * keeps the set, so a call passes only changes to it and gets only the descriptors that are ready.
 * Edge-triggered: a descriptor is reported once for each change. echo_step may leave bytes unread;
 * then EPOLL_CTL_MOD makes the kernel look again and report what is still ready. A short read has
 * emptied the socket, unless the event reports end of file (RDHUP) or urgent data (PRI), too.
 * Try: many clients at once; one that floods; strace -c; make diff A=epoll/lt_server
 * B=epoll/et_server.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "wrap/client.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

static int epfd; /* the set, which the kernel keeps */
static struct epoll_event ready[256];
#define EDGE_READ (EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET)

/* From now on the loop waits on FD for NEXT, one of the values in wrap/client.h. */
static void watch(int fd, int next)
{
	uint32_t events = next == WAIT_READ ? EDGE_READ : (uint32_t)next | EPOLLET;
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (next == NO_CHANGE || next == GONE) /* a closed descriptor has left the set by itself */
		return;
	if (epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event) == -1)
		complain("epoll_ctl");
}

/* Puts FD into the set. Returns whether it could. */
static bool add(int fd)
{
	struct epoll_event event = {.events = EDGE_READ, .data.fd = fd};

	if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) == -1) { /* ENOSPC: a limit of epoll(7) */
		complain("epoll_ctl");
		return false;
	}
	return true;
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=8889]");
	int lfd = tcp_listen(opt.host, opt.port);
	set_nonblocking(lfd); /* Accept retries when a connection has failed: it must not block */
	raise_descriptor_limit();
	if ((epfd = epoll_create1(0)) == -1)
		perr_exit("epoll_create1");
	if (!add(lfd))
		return EXIT_FAILURE;
	server_ready(lfd);

	while (!stopping()) {
		int nready = epoll_wait(epfd, ready, 256, -1);
		if (nready == -1 && errno != EINTR)
			retry_later("epoll_wait");
		for (int i = 0; i < nready; i++) {
			int fd = ready[i].data.fd;
			if (fd == lfd) {
				struct client *c = client_accept(lfd);
				if (c != NULL && !add(c->fd))
					client_refuse(c);
				watch(lfd, WAIT_READ); /* one edge may stand for several clients */
			} else {
				int next = echo_step(fd);
				if (next == NO_CHANGE && ready[i].events != EPOLLIN)
					next = WAIT_READ; /* EOF or urgent data may be left */
				watch(fd, next);
			}
		}
	}
	close_clients();
	Close(epfd);
	Close(lfd);
	return server_end();
}
