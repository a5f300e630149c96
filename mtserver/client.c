/*
 * Two threads, one for each direction: the second sends what stdin gives, the first prints what
 * comes back, and neither waits for the other. Both share one descriptor: shutdown ends one
 * direction of it. close would send no FIN while the other thread reads, and would take the
 * descriptor away from that thread.
 * Try: seq 1000000 | mtserver/client | md5sum; put close in place of shutdown.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrap/flow.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/wrap.h"

static void *send_all(void *arg)
{
	struct flow *f = arg;

	while (flow_step(f))
		;
	shutdown(f->to, SHUT_WR); /* half-close: the echo still comes back */
	return NULL;
}

int main(int argc, char *argv[])
{
	pthread_t thread;

	options(argc, argv, "[-t SECONDS] [HOST=127.0.0.1 [PORT=8200]]");
	int fd = tcp_connect(opt.host, opt.port, opt.timeout);
	struct flow up = {.from = STDIN_FILENO, .to = fd};
	struct flow down = {.from = fd, .to = STDOUT_FILENO};

	if ((errno = pthread_create(&thread, NULL, send_all, &up)) != 0)
		perr_exit("pthread_create");
	pthread_detach(thread); /* nobody joins it: it may wait for stdin for ever */
	while (flow_step(&down))
		;
	exit(flow_status(&up, &down)); /* ends the other thread, wherever it waits */
}
