/*
 * One thread and many clients: select, with an array of the open descriptors. After a wait only
 * those are looked at, not every number up to the highest. (The kernel still walks the sets up to
 * the highest.)
 * Try: many clients at once; one that never reads; strace -c; make diff with select/server.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/select.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

static fd_set read_set, write_set;	 /* what to wait for */
static int nfds;			 /* one more than the highest descriptor so far */
static int client[FD_SETSIZE], nclients; /* lfd first, then the clients, without gaps */

/* From now on waits for WANT on FD. */
static void watch(int fd, int want)
{
	FD_CLR(fd, &read_set);
	FD_CLR(fd, &write_set);
	if (want > 0)
		FD_SET(fd, want == WANT_READ ? &read_set : &write_set);
}

static int add(int fd)
{
	if (fd >= FD_SETSIZE) { /* FD_SET would write past the end of the set */
		errno = EMFILE;
		return -1;
	}
	if (fd >= nfds)
		nfds = fd + 1;
	client[nclients++] = fd;
	watch(fd, WANT_READ);
	return 0;
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=4233]");
	int lfd = tcp_listen(opt.host, opt.port);
	fcntl(lfd, F_SETFL, O_NONBLOCK); /* a client may be gone between the wait and accept */
	raise_descriptor_limit();
	server_ready(lfd);

	if (add(lfd) == -1)
		perr_exit("watch the listening socket");
	while (!stopping()) {
		int want = accept_want(), ms = accept_timeout(); /* no room: a pause */
		if (want != KEEP)
			watch(lfd, want);
		fd_set readable = read_set, writable = write_set; /* select changes these */
		struct timeval limit = {.tv_usec = 1000 * ms};
		int nready = select(nfds, &readable, &writable, NULL, ms == -1 ? NULL : &limit);
		if (nready == -1 && errno != EINTR)
			shortage("wait for events");
		for (int i = 0; nready > 0 && i < nclients; i++) {
			int fd = client[i];
			if (!FD_ISSET(fd, &readable) && !FD_ISSET(fd, &writable))
				continue;
			nready--;
			if (fd == lfd) {
				int cfd = client_accept(lfd);
				if (cfd != -1 && add(cfd) == -1)
					client_refuse(cfd);
			} else if ((want = echo_step(fd)) != KEEP) {
				watch(fd, want);
				if (want == OVER) /* the last one fills the gap: look here again */
					client[i--] = client[--nclients];
			}
		}
	}
	echo_end();
	Close(lfd);
	return server_end();
}
