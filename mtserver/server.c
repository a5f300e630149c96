/*
 * A thread for each connection. It is detached, so that nobody has to join it; it has an argument
 * of its own, because the next accept would overwrite a shared one; and its stack is small, because
 * there may be thousands.
 * Try: ps -L while clients are connected; compare the CPU time in the last line that the server
 * prints with mpserver/server's.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

static void *serve(void *arg)
{
	struct client *c = arg;

	echo_client(c);
	Close(c->fd); /* threads share the descriptor: one close ends the connection */
	free(c);
	return NULL;
}

int main(int argc, char *argv[])
{
	pthread_attr_t attr;
	pthread_t thread;
	struct client *c;

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=8200]");
	int lfd = tcp_listen(opt.host, opt.port);
	raise_descriptor_limit();
	if ((errno = pthread_attr_init(&attr)) != 0 ||
	    (errno = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED)) != 0 ||
	    (errno = pthread_attr_setstacksize(&attr, 256 * 1024)) != 0)
		perr_exit("pthread_attr");
	server_ready(lfd);

	while ((c = accept_client(lfd)) != NULL) {
		if ((errno = pthread_create(&thread, &attr, serve, c)) != 0) {
			retry_later("pthread_create");
			Close(c->fd);
			free(c);
		}
	}
	Close(lfd);
	return server_end(); /* returning ends the threads that still serve */
}
