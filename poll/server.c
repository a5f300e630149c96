/*
 * One thread and many clients: poll waits for all of them, and nothing else blocks. The set is an
 * array with an entry for each descriptor, so select's limit of 1024 is gone; every call walks it.
 * Try: many clients at once; one that never reads; strace -c; make diff A=select/server
 * B=poll/server.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "wrap/client.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

static struct pollfd set[MOST_FDS]; /* set[fd] is fd's entry; poll skips one whose .fd is -1 */
static int nfds;		    /* one more than the highest descriptor so far */

/* From now on the loop waits on FD for NEXT, one of the values in wrap/client.h. */
static void watch(int fd, int next)
{
	if (next == NO_CHANGE)
		return;
	set[fd] = (struct pollfd){.fd = next == GONE ? -1 : fd, .events = (short)next};
}

/* Puts FD into the set. Returns whether it could. */
static bool add(int fd)
{
	if (fd >= MOST_FDS) {
		message("the set cannot hold descriptor %d", fd);
		return false;
	}
	while (fd >= nfds)
		set[nfds++].fd = -1;
	watch(fd, WAIT_READ);
	return true;
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=6666]");
	int lfd = tcp_listen(opt.host, opt.port);
	set_nonblocking(lfd); /* Accept retries when a connection has failed: it must not block */
	raise_descriptor_limit();
	if (!add(lfd))
		return EXIT_FAILURE;
	server_ready(lfd);

	while (!stopping()) {
		int nready = poll(set, (nfds_t)nfds, -1);
		if (nready == -1 && errno != EINTR)
			retry_later("poll");
		for (int fd = 0; nready > 0 && fd < nfds; fd++) {
			if (set[fd].revents == 0)
				continue;
			nready--;
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
	Close(lfd);
	return server_end();
}
