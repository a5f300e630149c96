/*
 * One thread, two directions: epoll waits for stdin, stdout and the socket at once, so that
 * neither direction waits for the other. Each has a buffer of its own and waits for one thing at
 * a time: input while it is empty, else room for what it holds. EPOLLONESHOT: an event comes once,
 * then it must be asked for again.
 * Try: seq 1000000 | epoll/client | md5sum; epoll/client <README.md; strace.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

static int epfd;

/* Asks to be told, once, when F can go on; a file, which can always, is copied at once. */
static void watch(struct flow *f)
{
	while (!f->ended) {
		struct epoll_event event = {.data.ptr = f};
		int fd = f->rest > 0 ? f->to : f->from;
		event.events = (f->rest > 0 ? EPOLLOUT : EPOLLIN) | EPOLLONESHOT;
		if (epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event) == 0 ||
		    (errno == ENOENT && epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) == 0))
			return;
		if (errno != EPERM)
			perr_exit("epoll_ctl");
		flow_step(f); /* a regular file or /dev/null never makes one wait */
	}
	if (f->from == STDIN_FILENO)
		shutdown(f->to, SHUT_WR); /* "that was all"; the echo still comes */
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[HOST=127.0.0.1 [PORT=8888]]");
	int fd = tcp_connect(opt.host, opt.port);
	fcntl(fd, F_SETFL, O_NONBLOCK); /* not stdin and stdout: the shell has them too */
	epfd = Epoll_create1(0);
	struct flow up = {.from = STDIN_FILENO, .to = fd};
	struct flow down = {.from = fd, .to = STDOUT_FILENO};
	if ((up.to = dup(fd)) == -1) /* the set holds a descriptor once: one for each direction */
		perr_exit("dup");

	watch(&up);
	watch(&down);
	while (!down.ended) {
		struct epoll_event ready[2];
		int nready = epoll_wait(epfd, ready, 2, -1);
		if (nready == -1 && errno != EINTR)
			perr_exit("wait");
		for (int i = 0; i < nready; i++) {
			flow_step(ready[i].data.ptr);
			watch(ready[i].data.ptr);
		}
	}
	close(fd);
	return flow_end(&up, &down);
}
