/*
 * One thread and many clients: poll waits for all of them, and nothing else blocks. The set is an
 * array with an entry for each descriptor, so there is no limit of 1024; every call walks it whole.
 * Try: many clients at once; one that never reads; strace -c; make diff with select/server.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

static struct pollfd *set; /* set[fd] is for fd; its .fd is -1 while it waits for nothing */
static int nfds;

/* From now on waits for WANT on FD. */
static void watch(int fd, int want)
{
	set[fd] = (struct pollfd){.fd = want > 0 ? fd : -1, .events = (short)want};
}

static int add(int fd)
{
	struct pollfd *more = fd < nfds ? set : realloc(set, ((size_t)fd + 1) * sizeof(*set));

	if (more == NULL)
		return -1;
	for (set = more; nfds <= fd; nfds++)
		watch(nfds, WANT_NOTHING);
	watch(fd, WANT_READ);
	return 0;
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=6666]");
	int lfd = tcp_listen(opt.host, opt.port);
	fcntl(lfd, F_SETFL, O_NONBLOCK); /* a client may be gone between the wait and accept */
	raise_descriptor_limit();
	server_ready(lfd);

	if (add(lfd) == -1)
		perr_exit("watch the listening socket");
	while (!stopping()) {
		while (nfds > lfd + 1 && set[nfds - 1].fd == -1)
			nfds--; /* those that have left at the end */
		int want = accept_want(), ms = accept_timeout(); /* no room: a pause */
		if (want != KEEP)
			watch(lfd, want);
		int nready = poll(set, (nfds_t)nfds, ms);
		if (nready == -1 && errno != EINTR)
			shortage("wait for events");
		for (int fd = 0; nready > 0 && fd < nfds; fd++) {
			if (set[fd].revents == 0)
				continue;
			nready--;
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
	free(set);
	Close(lfd);
	return server_end();
}
