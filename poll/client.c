/*
 * One thread, two directions: poll waits for stdin, stdout and the socket at once, so that neither
 * direction waits for the other. Each has a buffer of its own and waits for one thing at a time:
 * input while its buffer is empty, otherwise room for what it holds.
 * Try: seq 1000000 | poll/client | md5sum; stop the server while you type; strace.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "wrap/flow.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/wrap.h"

/* Returns what F waits for, or fd -1 if F has ended, because its end of file would stay ready. */
static struct pollfd watch(const struct flow *f)
{
	int fd = f->rest > 0 ? f->to : f->from;
	return (struct pollfd){.fd = f->ended ? -1 : fd, .events = f->rest > 0 ? POLLOUT : POLLIN};
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-t SECONDS] [HOST=127.0.0.1 [PORT=6666]]");
	int fd = tcp_connect(opt.host, opt.port, opt.timeout);
	set_nonblocking(fd); /* not stdin and stdout: the shell shares their flags */
	struct flow up = {.from = STDIN_FILENO, .to = fd};
	struct flow down = {.from = fd, .to = STDOUT_FILENO};

	while (!down.ended) {
		struct pollfd set[] = {watch(&up), watch(&down)}; /* the socket may be in both */
		int nready = poll(set, 2, -1);
		if (nready == -1 && errno != EINTR)
			perr_exit("poll");
		if (nready > 0 && set[0].revents != 0 && !flow_step(&up))
			shutdown(fd, SHUT_WR); /* half-close: the echo still comes back */
		if (nready > 0 && set[1].revents != 0)
			flow_step(&down);
	}
	close(fd);
	return flow_status(&up, &down);
}
