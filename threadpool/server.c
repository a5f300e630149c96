/*
 * The main thread waits in epoll, and a pool of threads does the echo: a client that is ready
 * becomes a task, one step that never blocks, so a few threads serve them all. EPOLLONESHOT: after
 * an event its descriptor is not reported again until the thread that serves it arms it again, so
 * two threads never have the same client. threadpool_add may block, but it cannot fail here: it
 * fails only while the pool is being destroyed, after the loop.
 * Try: many clients at once; one that never reads; strace -f; make diff A=epoll/lt_server
 * B=threadpool/server.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "threadpool/threadpool.h"
#include "wrap/client.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

static pthread_mutex_t arming_lock = PTHREAD_MUTEX_INITIALIZER;
static int epfd; /* the set, which the kernel keeps */
static struct epoll_event ready[256];

/* From now on the loop waits on FD for NEXT, one of the values in wrap/client.h. */
static void watch(int fd, int next)
{
	struct epoll_event event = {.events = (uint32_t)next | EPOLLONESHOT, .data.fd = fd};

	if (next == NO_CHANGE || next == GONE) /* a closed descriptor has left the set by itself */
		return;
	pthread_mutex_lock(&arming_lock);
	if (epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event) == -1)
		complain("epoll_ctl");
	pthread_mutex_unlock(&arming_lock);
}

/* Puts FD into the set. Returns whether it could. */
static bool add(int fd)
{
	struct epoll_event event = {.events = WAIT_READ | EPOLLONESHOT, .data.fd = fd};

	if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) == -1) { /* ENOSPC: a limit of epoll(7) */
		complain("epoll_ctl");
		return false;
	}
	return true;
}

/* Waits until no thread is still arming a descriptor, because its next task may close it. */
static void wait_for_arming(void)
{
	pthread_mutex_lock(&arming_lock);
	pthread_mutex_unlock(&arming_lock);
}

/* A task. ARG is the descriptor itself, because ready[] is overwritten while tasks wait. */
static void *step(void *arg)
{
	int fd = (int)(intptr_t)arg, next = echo_step(fd);

	watch(fd, next == NO_CHANGE ? WAIT_READ : next); /* its event has disarmed it */
	return NULL;
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=8300]");
	int lfd = tcp_listen(opt.host, opt.port);
	set_nonblocking(lfd); /* Accept retries when a connection has failed: it must not block */
	raise_descriptor_limit();
	if ((epfd = epoll_create1(0)) == -1)
		perr_exit("epoll_create1");
	if (!add(lfd))
		return EXIT_FAILURE;
	threadpool_t *pool = threadpool_create(2, 4, 1024); /* 2 to 4 threads; queue of 1024 */
	if (pool == NULL)
		perr_exit("threadpool_create");
	server_ready(lfd);

	while (!stopping()) {
		int nready = epoll_wait(epfd, ready, 256, -1);
		if (nready == -1 && errno != EINTR)
			retry_later("epoll_wait");
		wait_for_arming();
		for (int i = 0; i < nready; i++) {
			int fd = ready[i].data.fd;
			if (fd == lfd) {
				struct client *c = client_accept(lfd);
				if (c != NULL && !add(c->fd))
					client_refuse(c);
				watch(lfd, WAIT_READ);
			} else {
				threadpool_add(pool, step, (void *)(intptr_t)fd);
			}
		}
	}
	threadpool_destroy(pool); /* first: its tasks use the rest */
	close_clients();
	Close(epfd);
	Close(lfd);
	return server_end();
}
