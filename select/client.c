/*
 * One thread, two directions: select waits for stdin, stdout and the socket at once, so that
 * neither direction waits for the other. Each has a buffer of its own and waits for one thing at a
 * time: input while its buffer is empty, otherwise room for what it holds.
 * Try: seq 1000000 | select/client | md5sum; stop the server while you type; strace.
 */
#include <errno.h>
#include <sys/select.h>
#include <unistd.h>

#include "wrap/flow.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/wrap.h"

static fd_set readable, writable;

/* Puts what F waits for into the sets, unless F has ended: its end of file would stay ready. */
static void watch(const struct flow *f)
{
	int fd = f->rest > 0 ? f->to : f->from;
	if (!f->ended)
		FD_SET(fd, f->rest > 0 ? &writable : &readable);
}

static bool ready(const struct flow *f)
{
	int fd = f->rest > 0 ? f->to : f->from;
	return FD_ISSET(fd, f->rest > 0 ? &writable : &readable);
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-t SECONDS] [HOST=127.0.0.1 [PORT=4232]]");
	int fd = tcp_connect(opt.host, opt.port, opt.timeout);
	set_nonblocking(fd);  /* not stdin and stdout: the shell shares their flags */
	if (fd >= FD_SETSIZE) /* FD_SET would write past the end of the set */
		message_exit("select cannot hold descriptor %d", fd);
	struct flow up = {.from = STDIN_FILENO, .to = fd};
	struct flow down = {.from = fd, .to = STDOUT_FILENO};

	while (!down.ended) {
		FD_ZERO(&readable);
		FD_ZERO(&writable);
		watch(&up);
		watch(&down);
		int nready = select(fd + 1, &readable, &writable, NULL, NULL);
		if (nready == -1 && errno != EINTR)
			perr_exit("select");
		if (nready > 0 && ready(&up) && !flow_step(&up))
			shutdown(fd, SHUT_WR); /* half-close: the echo still comes back */
		if (nready > 0 && ready(&down))
			flow_step(&down);
	}
	close(fd);
	return flow_status(&up, &down);
}
