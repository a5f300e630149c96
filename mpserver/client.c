/*
 * Two processes, one for each direction: the child sends what stdin gives, the parent prints what
 * comes back, and neither waits for the other. When the child ends, its copy of the socket is
 * closed, but the server sees no end of file, because the parent still has the socket open. So the
 * parent then calls shutdown, which acts on the connection itself.
 * Try: seq 1000000 | mpserver/client | md5sum; take out shutdown_after_child; kill the child.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mpserver/child.h"
#include "wrap/flow.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/wrap.h"

static void send_all(struct flow *f)
{
	while (flow_step(f))
		;
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-t SECONDS] [HOST=127.0.0.1 [PORT=9999]]");
	int fd = tcp_connect(opt.host, opt.port, opt.timeout);
	/* In shared memory: the parent must know how much the child has sent. */
	struct flow *up =
	    mmap(NULL, sizeof(*up), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (up == MAP_FAILED)
		perr_exit("mmap");
	*up = (struct flow){.from = STDIN_FILENO, .to = fd};
	struct flow down = {.from = fd, .to = STDOUT_FILENO};

	shutdown_after_child(fd); /* half-close: the echo still comes back */
	pid_t pid = fork_child();
	if (pid == -1)
		perr_exit("fork");
	if (pid == 0) {
		send_all(up);
		_exit(EXIT_SUCCESS);
	}
	while (flow_step(&down))
		;
	kill(pid, SIGKILL); /* it may still wait for stdin */
	waitpid(pid, NULL, 0);
	close(fd);
	return flow_status(up, &down);
}
