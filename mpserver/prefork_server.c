/*
 * A fixed crew of processes (-w N), forked before the first client comes, all blocked in accept on
 * the same listening socket: the kernel gives each connection to one of them. A worker that dies is
 * replaced. When there are more clients than workers the rest wait in the kernel's queue.
 * Try: kill -9 a worker; three clients with -w 2; after many short connections compare the CPU time
 * with mpserver/server's.
 */
#include <stdlib.h>
#include <unistd.h>

#include "mpserver/child.h"
#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

static void work(int lfd)
{
	struct client *c;

	while ((c = accept_client(lfd)) != NULL) {
		echo_client(c);
		Close(c->fd);
		free(c);
	}
}

int main(int argc, char *argv[])
{
	int alive = 0;

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-w N=4] [PORT=9998]");
	int lfd = tcp_listen(opt.host, opt.port);
	block_sigchld();
	server_ready(lfd);

	while (!stopping()) {
		while (reap_child())
			alive--;
		if (alive == opt.workers) {
			wait_for_stop(lfd); /* or for SIGCHLD: a worker has died */
			continue;
		}
		pid_t pid = fork_child();
		if (pid == 0) {
			work(lfd); /* every worker accepts, so none closes lfd */
			_exit(EXIT_SUCCESS);
		}
		if (pid == -1)
			retry_later("fork");
		else
			alive++;
	}
	Close(lfd);
	kill_children();
	return server_end();
}
