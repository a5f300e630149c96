/*
 * The ceiling that the bench measures servers against: the leanest epoll loop that still echoes,
 * with the socket options and flags of the others, and nothing else: no log, no counts, no table
 * of clients, no care for shortages. Only what a client does not take is kept, since an echo that
 * loses bytes is none. Try: tests/bench/load -n ping tests/bench/ceiling -q 0
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/error.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"

#define MOST_CLIENTS 65536

static char buf[131072];
static struct owed {
	char *data;
	size_t off, len;
} owed[MOST_CLIENTS]; /* by descriptor */
static int epfd;

static void watch(int op, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (epoll_ctl(epfd, op, fd, &event) == -1)
		perr_exit("epoll_ctl");
}

static void end(int fd)
{
	free(owed[fd].data);
	owed[fd].data = NULL;
	close(fd);
}

static void send_owed(int fd)
{
	struct owed *o = &owed[fd];
	ssize_t n = send(fd, o->data + o->off, o->len - o->off, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n == -1 && errno == EAGAIN)
		return;
	if (n == -1) {
		end(fd);
	} else if ((o->off += (size_t)n) == o->len) {
		free(o->data);
		o->data = NULL;
		watch(EPOLL_CTL_MOD, fd, EPOLLIN);
	}
}

static void owe(int fd, const char *data, size_t n)
{
	if ((owed[fd].data = malloc(n)) == NULL)
		perr_exit("malloc");
	memcpy(owed[fd].data, data, n);
	owed[fd].off = 0;
	owed[fd].len = n;
	watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
}

static void echo(int fd)
{
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n <= 0) {
		end(fd);
		return;
	}
	upper(buf, (size_t)n);
	ssize_t sent = send(fd, buf, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent == -1 && errno != EAGAIN)
		end(fd);
	else if (sent < n)
		owe(fd, buf + (sent > 0 ? sent : 0), (size_t)(n - (sent > 0 ? sent : 0)));
}

int main(int argc, char *argv[])
{
	struct epoll_event ready[256];

	options(argc, argv, "[-q] [-a ADDR=127.0.0.1] [PORT]");
	int lfd = tcp_listen(opt.host, opt.port);
	raise_descriptor_limit();
	if ((epfd = epoll_create1(0)) == -1)
		perr_exit("epoll_create1");
	server_ready(lfd);
	watch(EPOLL_CTL_ADD, lfd, EPOLLIN);
	while (!stopping()) {
		int nready = epoll_wait(epfd, ready, 256, -1);

		for (int i = 0; i < nready; i++) {
			int fd = ready[i].data.fd;

			if (fd != lfd) {
				owed[fd].data == NULL ? echo(fd) : send_owed(fd);
				continue;
			}
			int cfd = accept(lfd, NULL, NULL);
			if (cfd >= MOST_CLIENTS)
				close(cfd);
			else if (cfd != -1)
				watch(EPOLL_CTL_ADD, cfd, EPOLLIN);
		}
	}
	return server_end();
}
