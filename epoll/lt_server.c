/*
 * One thread and many clients: epoll waits for all of them, and nothing else blocks. The kernel
 * keeps the set, so a call passes only changes to it and gets only the descriptors that are ready.
 * Level-triggered: a descriptor is reported for as long as it is ready.
 * Try: many clients at once; one that never reads; strace -c; make diff A=poll/server
 * B=epoll/lt_server.
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

/* From now on the loop waits on FD for NEXT, one of the values in wrap/client.h. */
static void watch(int fd, int next)
{
	struct epoll_event event = {.events = (uint32_t)next, .data.fd = fd};

	if (next == NO_CHANGE || next == GONE) /* a closed descriptor has left the set by itself */
		return;
	if (epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event) == -1)
		complain("epoll_ctl");
}

/* Puts FD into the set. Returns whether it could. */
static bool add(int fd)
{
	struct epoll_event event = {.events = WAIT_READ, .data.fd = fd};

	if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) == -1) { /* ENOSPC: a limit of epoll(7) */
		complain("epoll_ctl");
		return false;
	}
	return true;
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=8888]");
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
			} else {
				watch(fd, echo_step(fd));
			}
		}
	}
	close_clients();
	Close(epfd);
	Close(lfd);
	return server_end();
}
