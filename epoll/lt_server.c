/*
 * One thread and many clients: epoll keeps the set in the kernel, told of changes only, and a wait
 * returns just those that are ready. Level-triggered: what is ready is told again until it is not.
 * Try: many clients at once; one that never reads; strace -c; make diff with poll/server.
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

/* From now on waits for WANT on FD. */
static void watch(int fd, int want)
{
	struct epoll_event event = {.events = (uint32_t)want, .data.fd = fd};

	if (want != OVER && epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event) == -1)
		complain("epoll_ctl");
}

static int add(int fd)
{
	struct epoll_event event = {.events = WANT_READ, .data.fd = fd};

	return epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=8888]");
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
			} else if ((want = echo_step(fd)) != KEEP) {
				watch(fd, want);
			}
		}
	}
	echo_end();
	Close(epfd);
	Close(lfd);
	return server_end();
}
