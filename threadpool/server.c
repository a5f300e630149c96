/*
 * The main thread waits in epoll, and a pool of threads does the echo: a client that is ready
 * becomes a task, one step that never blocks, so a few threads serve them all. EPOLLONESHOT: after
 * an event nothing more is told of its descriptor until the thread that served it arms it again, so
 * that no two threads ever have the same client.
 * Try: many clients at once; one that never reads; strace -f; make diff with epoll/lt_server.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>

#include "threadpool/threadpool.h"
#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

static pthread_mutex_t arming = PTHREAD_MUTEX_INITIALIZER;
static int epfd; /* the set, kept by the kernel */
static struct epoll_event ready[256];

/* From now on waits for WANT on FD. */
static void watch(int fd, int want)
{
	struct epoll_event event = {.events = (uint32_t)want | EPOLLONESHOT, .data.fd = fd};

	pthread_mutex_lock(&arming);
	if (want != OVER && epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event) == -1)
		complain("epoll_ctl");
	pthread_mutex_unlock(&arming);
}

static int add(int fd)
{
	struct epoll_event event = {.events = WANT_READ | EPOLLONESHOT, .data.fd = fd};

	return epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event);
}

/* The task. ARG is the number itself: ready[] is overwritten while tasks still wait. */
static void *step(void *arg)
{
	int fd = (int)(intptr_t)arg, want = echo_step(fd);

	watch(fd, want == KEEP ? WANT_READ : want);
	return NULL;
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=8300]");
	int lfd = tcp_listen(opt.host, opt.port);
	fcntl(lfd, F_SETFL, O_NONBLOCK); /* a client may be gone between the wait and accept */
	raise_descriptor_limit();
	epfd = Epoll_create1(0);
	threadpool_t *pool = threadpool_create(2, 4, 1024); /* threads, at most; tasks that wait */
	if (pool == NULL)
		perr_exit("threadpool_create");
	server_ready(lfd);

	if (add(lfd) == -1)
		perr_exit("watch the listening socket");
	while (!stopping()) {
		int want = accept_want(), ms = accept_timeout(); /* no room: a pause */
		if (want != KEEP)
			watch(lfd, want);
		int nready = epoll_wait(epfd, ready, 256, ms);
		if (nready == -1 && errno != EINTR)
			shortage("wait for events");
		/* Workers arm under this lock: what their steps wrote is seen after it. */
		pthread_mutex_lock(&arming);
		pthread_mutex_unlock(&arming);
		for (int i = 0; i < nready; i++) {
			int fd = ready[i].data.fd;
			if (fd == lfd) {
				int cfd = client_accept(lfd);
				if (cfd != -1 && add(cfd) == -1)
					client_refuse(cfd);
				watch(lfd, WANT_READ);
			} else if (threadpool_add(pool, step, (void *)(intptr_t)fd) == -1) {
				complain("threadpool_add");
			}
		}
	}
	threadpool_destroy(pool); /* first: its tasks use the rest */
	echo_end();
	Close(epfd);
	Close(lfd);
	return server_end();
}
