/*
 * One thread and many clients: select, with an array of the open descriptors. After a wait only
 * those are looked at, not every number up to the highest. (The kernel still walks its sets up to
 * the highest.)
 * Try: many clients at once; one that never reads; strace -c; make diff A=select/server
 * B=select/array_server.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/select.h>

#include "wrap/client.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

static fd_set read_set, write_set;	 /* what to wait for */
static int nfds;			 /* one more than the highest descriptor so far */
static int client[FD_SETSIZE], nclients; /* lfd, then the clients, without gaps */

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
	client[nclients++] = fd;
	watch(fd, WAIT_READ);
	return true;
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=4233]");
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
		for (int i = 0; nready > 0 && i < nclients; i++) {
			int fd = client[i];
			if (!FD_ISSET(fd, &readable) && !FD_ISSET(fd, &writable))
				continue;
			nready--;
			if (fd == lfd) {
				struct client *c = client_accept(lfd);
				if (c != NULL && !add(c->fd))
					client_refuse(c);
			} else {
				int next = echo_step(fd);
				watch(fd, next);
				if (next == GONE) /* the last one moves here: look at it next */
					client[i--] = client[--nclients];
			}
		}
	}
	close_clients();
	Close(lfd);
	return server_end();
}
