/*
 * One thread and many clients: epoll keeps the set in the kernel, told of changes only. Edge-
 * triggered: each change is told once. Where a step may have left something, EPOLL_CTL_MOD makes
 * the kernel look, and tell, anew. Try: many clients at once; one that floods; strace -c; make diff
 * with epoll/lt_server.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

static int epfd; /* the set, kept by the kernel */
static struct epoll_event ready[256];
#define EDGE_READ (EPOLLIN | EPOLLET | EPOLLRDHUP | EPOLLPRI)

/* From now on waits for WANT on FD. */
static void watch(int fd, int want)
{
	uint32_t events = want == WANT_READ ? EDGE_READ : (uint32_t)want | EPOLLET;
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (want != OVER && epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event) == -1)
		complain("epoll_ctl");
}

static int add(int fd)
{
	struct epoll_event event = {.events = EDGE_READ, .data.fd = fd};

	return epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=8889]");
	int lfd = tcp_listen(opt.host, opt.port);
	fcntl(lfd, F_SETFL, O_NONBLOCK); /* a client may be gone between the wait and accept */
	raise_descriptor_limit();
	epfd = Epoll_create1(0);
	server_ready(lfd);

	if (add(lfd) == -1)
		perr_exit("watch the listening socket");
	while (!stopping()) {
		int want = accept_want(), ms = accept_timeout(); /* no room: a pause */
		if (want != KEEP)
			watch(lfd, want);
		int nready = epoll_wait(epfd, ready, 256, ms);
		if (nready == -1 && errno != EINTR)
			shortage("wait for events");
		for (int i = 0; i < nready; i++) {
			int fd = ready[i].data.fd;
			if (fd == lfd) {
				int cfd = client_accept(lfd);
				if (cfd != -1 && add(cfd) == -1)
					client_refuse(cfd);
				watch(lfd, WANT_READ); /* one edge may stand for several clients */
			} else if ((want = echo_step(fd)) != KEEP || ready[i].events != EPOLLIN) {
				/* A short read means "emptied", but for an end or urgent data. */
				watch(fd, want == KEEP ? WANT_READ : want);
			}
		}
	}
	echo_end();
	Close(epfd);
	Close(lfd);
	return server_end();
}
