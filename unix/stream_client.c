/*
 * poll/client's two directions on AF_UNIX. A client needs no name to be served; with -c OWN it
 * binds a path before it connects, and the server sees who calls: a file, here and nowhere else,
 * that has to be removed at the end, after Ctrl-C too.
 * Try: -c cli.socket, and ls -l beside it; Ctrl-C; kill -9 it and start it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unix/path.h"
#include "wrap/echo.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

/* What F waits for; nothing (fd -1) once it has ended, for an end stays ready. */
static struct pollfd watch(const struct flow *f)
{
	int fd = f->rest > 0 ? f->to : f->from;
	return (struct pollfd){.fd = f->ended ? -1 : fd, .events = f->rest > 0 ? POLLOUT : POLLIN};
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-c OWN] [PATH=srv.socket]");
	int fd = Socket(AF_UNIX, SOCK_STREAM, 0);
	if (opt.own != NULL)
		path_bind(fd, opt.own);
	path_connect(fd, opt.path);
	fcntl(fd, F_SETFL, O_NONBLOCK); /* not stdin and stdout: the shell has them too */
	struct flow up = {.from = STDIN_FILENO, .to = fd};
	struct flow down = {.from = fd, .to = STDOUT_FILENO};

	while (!down.ended) {
		struct pollfd set[] = {watch(&up), watch(&down)}; /* the socket may be in both */
		int nready = poll(set, 2, -1);
		if (nready == -1 && errno != EINTR)
			perr_exit("wait");
		if (nready > 0 && set[0].revents != 0 && !flow_step(&up))
			shutdown(fd, SHUT_WR); /* "that was all"; the echo still comes */
		if (nready > 0 && set[1].revents != 0)
			flow_step(&down);
	}
	path_close(fd);
	return flow_end(&up, &down);
}
