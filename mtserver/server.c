/*
 * A thread for each connection: detached, so that nobody need join it; with an argument of its
 * own, since the next accept would overwrite a shared one; on a small stack.
 * Try: ps -L while clients are connected; the closing line's memory beside mpserver/server's.
 */
#include <errno.h>
#include <pthread.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

static void *serve(void *arg)
{
	echo_client(arg); /* which frees it */
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

	while ((c = client_wait(lfd)) != NULL) {
		if ((errno = pthread_create(&thread, &attr, serve, c)) != 0) {
			shortage("pthread_create");
			client_free(c);
		}
	}
	Close(lfd);
	return server_end(); /* and exit ends the threads that still serve */
}
