/*
 * Two processes, one for each direction: the child sends what stdin gives, the parent prints what
 * comes back, and neither waits for the other. The child's close would not tell the server that
 * this was all, for the parent still has the socket open: shutdown acts for both.
 * Try: seq 1000000 | mpserver/client | md5sum; put close in place of shutdown.
 */
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mpserver/child.h"
#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

static void send_all(struct flow *f)
{
	while (flow_step(f))
		;
	shutdown(f->to, SHUT_WR); /* "that was all"; the echo still comes */
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[HOST=127.0.0.1 [PORT=9999]]");
	int fd = tcp_connect(opt.host, opt.port);
	/* In shared memory: the parent must know how much the child has sent. */
	struct flow *up =
	    mmap(NULL, sizeof(*up), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (up == MAP_FAILED)
		perr_exit("mmap");
	*up = (struct flow){.from = STDIN_FILENO, .to = fd};
	struct flow down = {.from = fd, .to = STDOUT_FILENO};

	pid_t pid = Fork();
	if (pid == -1)
		perr_exit("fork");
	if (pid == 0) {
		send_all(up);
		_exit(0);
	}
	while (flow_step(&down))
		;
	kill(pid, SIGKILL); /* it may still wait for stdin */
	Waitpid(pid, NULL, 0);
	close(fd);
	return flow_end(up, &down);
}
