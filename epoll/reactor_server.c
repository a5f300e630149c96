/*
 * One thread and many clients: events with call-backs. The loop in epoll/reactor.c owns the
 * waiting; what is left here is the work, one call-back for the listening socket and one for
 * clients. The loop also keeps the time: with -t it calls back for a client silent for that long.
 * Try: -t 5 and a silent client; many clients at once; strace -c; compare with epoll/lt_server.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>

#include "epoll/reactor.h"
#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

static void on_client(struct reactor *r, int fd, uint32_t events, void *arg)
{
	int want = echo_step(fd);

	(void)arg;
	if (events == 0 && want == KEEP) /* silent for too long; who is owed is not idle */
		want = client_drop(fd, 0);
	if (want == OVER)
		reactor_remove(r, fd);
	else if (want != KEEP && reactor_change(r, fd, (uint32_t)want) == -1)
		complain("epoll_ctl");
}

static int add(struct reactor *r, int fd)
{
	if (reactor_add(r, fd, WANT_READ, on_client, NULL) == -1)
		return -1;
	reactor_timeout(r, fd, (int)(1000 * opt.timeout));
	return 0;
}

/* A client waits, or a pause of accepting has passed, or a stop has shut lfd down (EPOLLHUP). */
static void on_listener(struct reactor *r, int lfd, uint32_t events, void *arg)
{
	(void)events;
	(void)arg;
	if (stopping()) {
		reactor_stop(r);
		return;
	}
	int cfd = client_accept(lfd);
	if (cfd != -1 && add(r, cfd) == -1)
		client_refuse(cfd);
	int want = accept_want();
	if (want != KEEP) {
		reactor_timeout(r, lfd, accept_timeout());
		if (reactor_change(r, lfd, (uint32_t)want) == -1)
			complain("epoll_ctl");
	}
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-t SECONDS] [PORT=8890]");
	int lfd = tcp_listen(opt.host, opt.port);
	fcntl(lfd, F_SETFL, O_NONBLOCK); /* a client may be gone between the wait and accept */
	raise_descriptor_limit();
	struct reactor *r = reactor_new();
	if (r == NULL)
		perr_exit("reactor_new");
	server_ready(lfd);

	if (reactor_add(r, lfd, WANT_READ, on_listener, NULL) == -1)
		perr_exit("reactor_add");
	if (reactor_run(r) == -1)
		perr_exit("reactor_run");
	echo_end();
	reactor_free(r);
	Close(lfd);
	return server_end();
}
