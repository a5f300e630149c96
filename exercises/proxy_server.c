/*
 * The exercise "proxy": for each client a connection to the server on port -p, and a thread for
 * each direction. The end of one direction becomes shutdown(SHUT_WR) on its other side, and the
 * other direction goes on until its own end. An error ends both.
 * Try: tcp/server in one terminal, this in another one, and tcp/client 127.0.0.1 9600 in a third.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "wrap/echo.h"
#include "wrap/log.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

struct direction {
	int from, to;
};

static void *copy(void *arg)
{
	struct direction *d = arg;
	char buf[65536];
	ssize_t n;

	while ((n = Read(d->from, buf, sizeof(buf))) > 0 &&
	       (n = Writen(d->to, buf, (size_t)n)) != -1)
		;
	if (n == 0) {
		shutdown(d->to, SHUT_WR);
	} else { /* the other thread's calls return, too */
		shutdown(d->to, SHUT_RDWR);
		shutdown(d->from, SHUT_RDWR);
	}
	return NULL;
}

/* Both threads use both sockets, so neither is closed before both have ended. */
static void *serve(void *arg)
{
	struct client *c = arg;
	int server = tcp_try_connect(opt.host, opt.listeners_port, 0);
	struct direction up = {c->fd, server}, down = {server, c->fd};
	pthread_t thread;

	log_connected(c->who);
	if (server != -1 && (errno = pthread_create(&thread, NULL, copy, &down)) == 0) {
		copy(&up);
		pthread_join(thread, NULL);
	} else if (server != -1) {
		retry_later("pthread_create");
	}
	log_gone(c->who, c->bytes, server == -1);
	if (server != -1)
		Close(server);
	Close(c->fd);
	free(c);
	return NULL;
}

int main(int argc, char *argv[])
{
	pthread_t thread;
	struct client *c;

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-p PORT=9527] [PORT=9600]");
	int lfd = tcp_listen(opt.host, opt.port);
	raise_descriptor_limit();
	server_ready(lfd);

	while ((c = accept_client(lfd)) != NULL) {
		if ((errno = pthread_create(&thread, NULL, serve, c)) == 0) {
			pthread_detach(thread);
		} else {
			retry_later("pthread_create");
			Close(c->fd);
			free(c);
		}
	}
	Close(lfd);
	return server_end(); /* returning ends the threads that still serve */
}
