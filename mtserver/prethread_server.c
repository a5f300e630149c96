/*
 * A fixed crew of threads (-w N), made before the first client comes, all blocked in accept on the
 * same listening socket: the kernel gives each connection to one of them. When there are more
 * clients than workers the rest wait in the kernel's queue. The workers end with the program.
 * Try: three clients with -w 2; after many short connections compare the CPU time with
 * mtserver/server's.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

static void *work(void *arg)
{
	struct client *c;

	while ((c = accept_client(*(int *)arg)) != NULL) {
		echo_client(c);
		Close(c->fd);
		free(c);
	}
	return NULL;
}

int main(int argc, char *argv[])
{
	pthread_t thread;
	int alive = 0;

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-w N=4] [PORT=8201]");
	int lfd = tcp_listen(opt.host, opt.port);
	server_ready(lfd);

	while (!stopping()) {
		if (alive == opt.workers) {
			wait_for_stop(lfd);
			continue;
		}
		if ((errno = pthread_create(&thread, NULL, work, &lfd)) != 0) {
			retry_later("pthread_create");
			continue;
		}
		pthread_detach(thread); /* nobody joins it */
		alive++;
	}
	Close(lfd);
	return server_end();
}
