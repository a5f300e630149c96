/*
 * A process for each connection: fork. After it both processes have both descriptors, the listening
 * one and the client's, so each closes the one that it does not use. A child that has ended stays
 * as a zombie until the parent reaps it, which SIGCHLD's handler does.
 * Try: ps while clients are connected; kill -9 one child; look at the CPU time and the processes in
 * the last line that the server prints.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "mpserver/child.h"
#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

static void on_sigchld(int signo)
{
	(void)signo;
	while (reap_child()) /* one SIGCHLD may stand for several children */
		;
}

int main(int argc, char *argv[])
{
	struct client *c;

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=9999]");
	int lfd = tcp_listen(opt.host, opt.port);
	signal(SIGCHLD, on_sigchld); /* before the first child */
	server_ready(lfd);

	while ((c = accept_client(lfd)) != NULL) {
		pid_t pid = fork_child();
		if (pid == 0) {
			Close(lfd); /* only the parent accepts */
			echo_client(c);
			_exit(EXIT_SUCCESS); /* which closes the connection */
		}
		if (pid == -1)
			retry_later("fork");
		Close(c->fd); /* our copy: while it is open the child's exit sends no FIN */
		free(c);
	}
	Close(lfd);
	kill_children();
	return server_end();
}
