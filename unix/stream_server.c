/*
 * AF_UNIX: mtserver's model on another address family. The address is a file, the peers are
 * processes of this machine, and the kernel tells who they are: pid and uid, SO_PEERCRED. unix(7)
 * Try: ls -l srv.socket; unix/stream_client with and without -c OWN; a second server; kill -9.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "unix/path.h"
#include "wrap/echo.h"
#include "wrap/log.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

static void *serve(void *arg)
{
	struct client *c = arg;
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
		complain("SO_PEERCRED");
	log_line("client %s is process %d of user %u", c->who, peer.pid, peer.uid);
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

	options(argc, argv, "[-v|-q] [PATH=srv.socket]");
	int lfd = path_listen(opt.path);
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
	path_close(lfd);
	return server_end(); /* returning ends the threads that still serve */
}
