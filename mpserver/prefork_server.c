/*
 * A fixed crew of processes (-w N), forked before the first client comes and all blocked in accept
 * on the same listening socket: the kernel gives each connection to one of them. One that dies is
 * replaced. With more clients than workers the rest wait in the kernel's queue.
 * Try: kill -9 a worker; three clients with -w 2; after many short connections compare the CPU with
 * server's.
 */
#include "mpserver/child.h"
#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

int main(int argc, char *argv[])
{
	struct client *c;
	pid_t pid;
	int alive = 0;

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-w N=4] [PORT=9998]");
	int lfd = tcp_listen(opt.host, opt.port);
	server_ready(lfd);
	hold_sigchld();

	while (!stopping()) {
		while (Waitpid(-1, NULL, WNOHANG) > 0)
			alive--;
		if (alive == opt.workers) {
			wait_for_stop(lfd); /* or for SIGCHLD: one that has died */
		} else if ((pid = Fork()) > 0) {
			alive++;
		} else if (pid == 0) {
			while ((c = client_wait(lfd)) != NULL) /* needs lfd, so keeps it */
				echo_client(c);
			_exit(0);
		} else {
			shortage("fork");
		}
	}
	Close(lfd);
	return children_end();
}
