/*
 * A worker of pass_server: mtserver's model, but its clients come from another process. The server
 * has accepted them and passes their descriptors over a path, SCM_RIGHTS. From then on it is as if
 * this process had accepted them; the server sees none of their bytes.
 * Try: start several; kill -9 one with clients, kill -STOP one; end the server; start a second
 * server on the same path.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unix/pass.h"
#include "wrap/echo.h"
#include "wrap/log.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/text.h"
#include "wrap/wrap.h"

static void *serve(void *arg)
{
	struct client *c = arg;

	echo_client(c);
	Close(c->fd); /* threads share the descriptor: one close ends the connection */
	free(c);
	return NULL;
}

/* Waits for the next client and returns it, or NULL when the server has ended, or on a stop. */
static struct client *receive_client(int fd)
{
	char who[ADDRESS_TEXT];
	int cfd, came = 0;

	while (!stopping() && came != -1) {
		/* Without a free descriptor here the client would be lost: check first. */
		int spare = dup(fd);
		if (spare == -1) {
			retry_later("dup"); /* its queue fills, then others get the clients */
			continue;
		}
		Close(spare);
		came = receive_descriptors(fd, who, sizeof(who), &cfd, 1);
		if (came != 1)
			continue;
		struct client *c = malloc(sizeof(*c) + strlen(who) + 1);
		if (c != NULL) {
			*c = (struct client){.fd = cfd};
			strcpy(c->who, who);
			return c;
		}
		retry_later("malloc");
		Close(cfd);
	}
	return NULL;
}

int main(int argc, char *argv[])
{
	pthread_attr_t attr;
	pthread_t thread;
	struct client *c;

	options(argc, argv, "[-v|-q] [PATH=pass.socket]");
	int fd = call_server(opt.path, SERVE);
	if (fd == -1)
		perr_exit("connect %s", opt.path);
	raise_descriptor_limit();
	if ((errno = pthread_attr_init(&attr)) != 0 ||
	    (errno = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED)) != 0 ||
	    (errno = pthread_attr_setstacksize(&attr, 256 * 1024)) != 0)
		perr_exit("pthread_attr");
	stop_shuts(-1);
	print_line("serving the clients of %s", opt.path);

	while (fd != -1) {
		stop_also_shuts(fd);
		while ((c = receive_client(fd)) != NULL) {
			if ((errno = pthread_create(&thread, &attr, serve, c)) != 0) {
				retry_later("pthread_create");
				Close(c->fd);
				free(c);
			}
		}
		stop_also_shuts(-1);
		Close(fd);
		/* The server has ended; a new one on the same path may have taken its place. */
		fd = stopping() ? -1 : call_server(opt.path, SERVE);
	}
	return server_end(); /* returning ends the threads that still serve */
}
