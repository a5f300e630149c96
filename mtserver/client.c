/*
 * Two threads, one for each direction: the second sends what stdin gives, the first prints what
 * comes back, and neither waits for the other. Both have the one descriptor: shutdown ends one
 * direction of it, close would not send the end while the other thread reads, and take the
 * descriptor from it. Try: seq 1000000 | mtserver/client | md5sum; put close in place of shutdown.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

/* What the sending thread tells the other. */
struct sending {
	int fd;
	atomic_ullong sent;
	atomic_bool all;
	atomic_int err; /* of reading stdin */
};

static void *send_all(void *arg)
{
	struct sending *s = arg;
	char buf[BUFSIZ];
	ssize_t n;

	while ((n = Read(STDIN_FILENO, buf, sizeof(buf))) > 0) {
		if (Writen(s->fd, buf, (size_t)n) == -1)
			break; /* the other meets the same end, and says so */
		s->sent += (size_t)n;
	}
	s->all = n == 0;
	s->err = n == -1 ? errno : 0;
	shutdown(s->fd, SHUT_WR);
	return NULL;
}

int main(int argc, char *argv[])
{
	pthread_t thread;
	char buf[BUFSIZ];
	uint64_t received = 0;
	ssize_t n;

	opt.port = 8200;
	options(argc, argv, "", "[HOST [PORT]]");
	static struct sending memory, *s = &memory;
	s->fd = tcp_connect(opt.host, opt.port);

	if ((errno = pthread_create(&thread, NULL, send_all, s)) != 0)
		perr_exit("pthread_create");
	pthread_detach(thread); /* it may wait for stdin for ever: nobody joins it */
	while ((n = Read(s->fd, buf, sizeof(buf))) > 0) {
		if (Writen(STDOUT_FILENO, buf, (size_t)n) == -1)
			perr_exit("write stdout");
		received += (size_t)n;
	}
	if (n == -1)
		perr_exit("read from the server");
	if ((errno = s->err) != 0)
		perr_exit("read stdin");
	exit(client_end(s->all, s->sent, received)); /* ends the other thread, wherever it waits */
}
