/*
 * Many sessions (-n N) on few threads: each is a task of the pool that the server uses too. A task
 * here blocks in its calls, so a thread has one session until that is over. A full queue blocks
 * main, so the number of connections stays limited.
 * Try: -n 10000; mpserver/prefork_server in place of the server.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "threadpool/threadpool.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

/* The argument of one task. The main thread reads it after the pool is destroyed. */
struct session {
	int number, fd;
	bool whole;
};

/* Sends the session's text, reads its echo to the end, and reports what was wrong, if anything. */
static void *echo(void *arg)
{
	struct session *s = arg;
	char text[32], want[32], buf[32];
	size_t len = (size_t)snprintf(text, sizeof(text), "session %d\n", s->number);

	snprintf(want, sizeof(want), "SESSION %d\n", s->number);
	if (Writen(s->fd, text, len) == -1 || shutdown(s->fd, SHUT_WR) == -1) {
		complain("session %d", s->number);
	} else {
		ssize_t n = Readn(s->fd, buf, sizeof(buf));
		s->whole = n == (ssize_t)len && memcmp(buf, want, len) == 0;
		if (n == -1)
			complain("session %d", s->number);
		else if (!s->whole)
			message("session %d did not come back whole", s->number);
	}
	Close(s->fd);
	return NULL;
}

int main(int argc, char *argv[])
{
	int64_t start = now_ms();
	int whole = 0;

	options(argc, argv, "[-n N=100] [HOST=127.0.0.1 [PORT=8300]]");
	struct session *sessions = calloc((size_t)opt.count, sizeof(*sessions));
	if (sessions == NULL)
		perr_exit("calloc");
	threadpool_t *pool = threadpool_create(10, 100, 100);
	if (pool == NULL)
		perr_exit("threadpool_create");

	for (int i = 0; i < opt.count; i++) {
		sessions[i] =
		    (struct session){.number = i, .fd = tcp_try_connect(opt.host, opt.port, 0)};
		if (sessions[i].fd == -1)
			break; /* out of ports or descriptors: more tries would fail, too */
		if (threadpool_add(pool, echo, &sessions[i]) == -1)
			perr_exit("threadpool_add");
	}
	threadpool_destroy(pool); /* waits for them all */
	for (int i = 0; i < opt.count; i++)
		whole += sessions[i].whole;
	if (dprintf(STDOUT_FILENO, "%d of %d sessions came back whole in %lld ms\n", whole,
		    opt.count, (long long)(now_ms() - start)) < 0)
		perr_exit("write stdout");
	free(sessions);
	return whole == opt.count ? EXIT_SUCCESS : EXIT_FAILURE;
}
