/*
 * One thread and many clients: select waits for all of them, and nothing else blocks. Its sets hold
 * descriptors up to 1023, and every call walks them up to the highest one so far.
 * Try: many clients at once; one that never reads; strace -c; make diff A=poll/server
 * B=select/server.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/select.h>

#include "wrap/client.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

static fd_set read_set, write_set; /* what to wait for */
static int nfds;		   /* one more than the highest descriptor so far */

/* From now on the loop waits on FD for NEXT, one of the values in wrap/client.h. */
static void watch(int fd, int next)
{
	if (next == NO_CHANGE)
		return;
	FD_CLR(fd, &read_set);
	FD_CLR(fd, &write_set);
	if (next != GONE)
		FD_SET(fd, next == WAIT_READ ? &read_set : &write_set);
}

/* Puts FD into the set. Returns whether it could. */
static bool add(int fd)
{
	if (fd >= FD_SETSIZE) { /* FD_SET would write past the end of the set */
		message("select cannot hold descriptor %d", fd);
		return false;
	}
	if (fd >= nfds)
		nfds = fd + 1;
	watch(fd, WAIT_READ);
	return true;
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=4232]");
	int lfd = tcp_listen(opt.host, opt.port);
	set_nonblocking(lfd); /* Accept retries when a connection has failed: it must not block */
	raise_descriptor_limit();
	if (!add(lfd))
		return EXIT_FAILURE;
	server_ready(lfd);

	while (!stopping()) {
		fd_set readable = read_set, writable = write_set; /* select overwrites these */
		int nready = select(nfds, &readable, &writable, NULL, NULL);
		if (nready == -1 && errno != EINTR)
			retry_later("select");
		for (int fd = 0; nready > 0 && fd < nfds; fd++) {
			if (!FD_ISSET(fd, &readable) && !FD_ISSET(fd, &writable))
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
