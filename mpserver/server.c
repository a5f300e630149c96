/*
 * A process for each connection: fork. Each side closes the descriptor that only the other needs,
 * and SIGCHLD's handler reaps the children that have ended, else they would stay as zombies.
 * Try: ps while clients are connected; kill -9 one child; the closing line's CPU and memory.
 */
#include <signal.h>

#include "mpserver/child.h"
#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

static void reap(int signo)
{
	(void)signo;
	while (Waitpid(-1, NULL, WNOHANG) > 0) /* one SIGCHLD may stand for several children */
		;
}

int main(int argc, char *argv[])
{
	struct sigaction action = {.sa_handler = reap};
	struct client *c;

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=9999]");
	int lfd = tcp_listen(opt.host, opt.port);
	sigaction(SIGCHLD, &action, NULL); /* before the first child */
	server_ready(lfd);

	while ((c = client_wait(lfd)) != NULL) {
		pid_t pid = Fork();
		if (pid == 0) {
			Close(lfd); /* the parent's */
			echo_client(c);
			_exit(0);
		}
		if (pid == -1)
			shortage("fork");
		client_free(c); /* while we have it too, the child's close sends no end */
	}
	Close(lfd);
	return children_end();
}
