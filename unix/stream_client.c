/*
 * poll/client's two directions on AF_UNIX. A client needs no name to be served; with -c OWN it
 * binds a path before it connects, and the server sees who calls. The path is a file, which has to
 * be removed at the end, after Ctrl-C too.
 * Try: -c cli.socket, and ls -l in another terminal; Ctrl-C; kill -9 it and start it again.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unix/path.h"
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
	options(argc, argv, "[-c OWN] [PATH=srv.socket]");
	int fd = Socket(AF_UNIX, SOCK_STREAM, 0);
	if (opt.own_path != NULL)
		path_bind(fd, opt.own_path);
	path_connect(fd, opt.path);
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
	path_close(fd);
	return flow_status(&up, &down);
}
