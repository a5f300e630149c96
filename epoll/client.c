/*
 * One thread, two directions: epoll waits for stdin, stdout and the socket at once, so that neither
 * direction waits for the other. Each has a buffer of its own and waits for one thing at a time:
 * input while its buffer is empty, otherwise room for what it holds. EPOLLONESHOT: an event is
 * reported once, then it must be asked for again.
 * Try: seq 1000000 | epoll/client | md5sum; epoll/client <README.md; strace.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "wrap/flow.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/wrap.h"

static int epfd;

/* Asks for one report when F can go on. Regular files, which epoll refuses, are copied at once. */
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
		flow_step(f); /* a regular file or /dev/null, which epoll refuses */
	}
	if (f->from == STDIN_FILENO)
		shutdown(f->to, SHUT_WR); /* half-close: the echo still comes back */
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-t SECONDS] [HOST=127.0.0.1 [PORT=8888]]");
	int fd = tcp_connect(opt.host, opt.port, opt.timeout);
	set_nonblocking(fd); /* not stdin and stdout: the shell shares their flags */
	if ((epfd = epoll_create1(0)) == -1)
		perr_exit("epoll_create1");
	struct flow up = {.from = STDIN_FILENO, .to = fd};
	struct flow down = {.from = fd, .to = STDOUT_FILENO};
	if ((up.to = dup(fd)) == -1) /* epoll takes a descriptor only once, so UP has a copy */
		perr_exit("dup");

	watch(&up);
	watch(&down);
	while (!down.ended) {
		struct epoll_event ready[2];
		int nready = epoll_wait(epfd, ready, 2, -1);
		if (nready == -1 && errno != EINTR)
			perr_exit("epoll_wait");
		for (int i = 0; i < nready; i++) {
			flow_step(ready[i].data.ptr);
			watch(ready[i].data.ptr);
		}
	}
	close(fd);
	return flow_status(&up, &down);
}
