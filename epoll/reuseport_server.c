/*
 * A loop for each core: each worker process (-w N) has an epoll set and a listening socket of its
 * own. All these sockets are bound to the same port, which SO_REUSEPORT allows, and the kernel
 * spreads the connections over them. A worker that dies is replaced.
 * Try: ss -ltn; many clients at once; kill -9 a worker; a second server on the same port; make diff
 * A=epoll/lt_server B=epoll/reuseport_server.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "mpserver/child.h"
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

static int work(int lfd)
{
	set_nonblocking(lfd); /* Accept retries when a connection has failed: it must not block */
	raise_descriptor_limit();
	if ((epfd = epoll_create1(0)) == -1)
		perr_exit("epoll_create1");
	if (!add(lfd))
		return EXIT_FAILURE;

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
	return EXIT_SUCCESS;
}

/* Only the worker keeps the socket: when it dies, the clients in its queue are lost. */
static void start_worker(void)
{
	int lfd = tcp_bind(opt.host, &opt.port, SO_REUSEPORT);
	Listen(lfd, BACKLOG);
	pid_t pid = fork_child();
	if (pid == 0)
		_exit(work(lfd));
	if (pid == -1)
		retry_later("fork");
	Close(lfd);
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-w N] [PORT=8891]");
	int n = opt.workers > 0 ? opt.workers : (int)sysconf(_SC_NPROCESSORS_ONLN);
	int lfd = tcp_bind(opt.host, &opt.port, SO_REUSEPORT); /* keeps the port, never listens */
	for (int i = 0; i < n; i++)
		start_worker();
	server_ready(lfd);
	while (needs_child(n))
		start_worker();
	Close(lfd);
	kill_children();
	return server_end();
}
