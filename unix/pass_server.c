/*
 * Passing descriptors: this server accepts the clients and serves none. Workers connect to its
 * path, and each client's descriptor goes to the next of them, SCM_RIGHTS. What is left here is a
 * loop over few descriptors, however many clients there are. The listening socket can be passed,
 * too: a second pass_server on the same path takes the place of the first, and no client is
 * refused. Try: unix/pass_worker in two more terminals; a client without any worker; kill -STOP a
 * worker; start a second server and look at the first.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unix/pass.h"
#include "unix/path.h"
#include "wrap/echo.h"
#include "wrap/log.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

#define MOST_PEERS 1000

/* A peer is a process that has connected to the path: a worker, or a new server. */
enum { STOP, CLIENTS, PATH, FIRST_PEER };
static struct pollfd set[FIRST_PEER + MOST_PEERS] = {
    [STOP] = {.events = POLLIN}, [CLIENTS] = {.fd = -1}, [PATH] = {.fd = -1, .events = POLLIN}};
static bool is_worker[FIRST_PEER + MOST_PEERS];
static int nset = FIRST_PEER, nworkers;
static int heir = -1; /* the new server that has got the listening sockets, or -1 */
static bool handed_over;

/* Takes the listening sockets from the server that runs on the path, if there is one. */
static bool take_over(void)
{
	int fds[2], old = call_server(opt.own_path, LISTEN);
	char text[16];

	if (old == -1)
		return false;
	if (receive_descriptors(old, text, sizeof(text), fds, 2) != 1)
		message_exit("no sockets came from %s", opt.own_path);
	set[CLIENTS].fd = fds[0];
	set[PATH].fd = fds[1];
	/* The old server answers with the end of the connection, once it has given up the path. */
	if (send(old, END, strlen(END), 0) != -1)
		Read(old, text, sizeof(text));
	Close(old);
	path_adopt(opt.own_path);
	return true;
}

/* Accepts the next peer, whose first message tells what it is. */
static void welcome(void)
{
	int fd = Accept(set[PATH].fd, NULL, NULL);

	if (fd != -1)
		set[nset++] = (struct pollfd){.fd = fd, .events = POLLIN};
	else if (errno != EAGAIN)
		retry_later("accept");
}

static void drop(int i)
{
	if (set[i].fd == heir)
		heir = -1;
	Close(set[i].fd);
	if (is_worker[i])
		log_line("workers: %d", --nworkers);
	nset--;
	set[i] = set[nset];
	is_worker[i] = is_worker[nset];
	is_worker[nset] = false;
}

/* Peer I has sent a request, or has left. */
static void hear(int i)
{
	char text[16] = "";

	if (recv(set[i].fd, text, sizeof(text) - 1, MSG_DONTWAIT) == -1 && errno == EAGAIN)
		return;
	if (strcmp(text, SERVE) == 0 && !is_worker[i]) {
		is_worker[i] = true;
		/* The smallest buffer, so that few clients wait for a stopped worker. */
		int least = 0;
		if (setsockopt(set[i].fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least)) == -1)
			complain("setsockopt");
		log_line("workers: %d", ++nworkers);
	} else if (strcmp(text, LISTEN) == 0 &&
		   heir == -1) { /* until it sends END this server goes on */
		int fds[] = {set[CLIENTS].fd, set[PATH].fd};
		if (send_descriptors(set[i].fd, text, fds, 2) == -1)
			drop(i);
		else
			heir = set[i].fd;
	} else if (strcmp(text, END) == 0 && set[i].fd == heir) {
		handed_over = true;
		path_give_up();
		drop(i);
	} else {
		drop(i);
	}
}

/* Passes C to the next worker that takes it. Returns false when none does. */
static bool pass(struct client *c)
{
	static int last = FIRST_PEER;

	for (int left = nset - FIRST_PEER; left > 0; left--) {
		last = last + 1 < nset ? last + 1 : FIRST_PEER;
		if (!is_worker[last])
			continue;
		if (send_descriptors(set[last].fd, c->who, &c->fd, 1) == 0)
			return true;
		/* This worker does not take it: it is stopped or slow, or has just ended. */
		if (errno == EAGAIN || errno == EPIPE || errno == ECONNRESET)
			continue;
		retry_later("sendmsg"); /* ETOOMANYREFS, ENOMEM: no worker would */
		break;
	}
	return false;
}

int main(int argc, char *argv[])
{
	struct client *c = NULL; /* accepted, and not passed yet */

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-c PATH=pass.socket] [PORT=8400]");
	if (!take_over()) {
		set[CLIENTS].fd = tcp_listen(opt.host, opt.port);
		set[PATH].fd = Socket(AF_UNIX, SOCK_SEQPACKET, 0);
		path_bind(set[PATH].fd, opt.own_path);
		Listen(set[PATH].fd, BACKLOG);
	}
	set_nonblocking(set[CLIENTS].fd); /* another server may be faster */
	set_nonblocking(set[PATH].fd);
	/* Shutting the listening socket down on a stop would end it for a new server, too. */
	set[STOP].fd = Socket(AF_UNIX, SOCK_DGRAM, 0);
	stop_shuts(set[STOP].fd);
	print_listening(set[CLIENTS].fd);

	/* After a hand-over it only passes on the client that it has accepted already. */
	while (!stopping() && (!handed_over || (c != NULL && nworkers > 0))) {
		/* Without a worker clients wait in the kernel's queue. */
		set[CLIENTS].events = c == NULL && nworkers > 0 ? POLLIN : 0;
		set[PATH].events = nset < FIRST_PEER + MOST_PEERS && !handed_over ? POLLIN : 0;
		for (int i = FIRST_PEER; i < nset; i++)
			set[i].events = c != NULL && is_worker[i] ? POLLIN | POLLOUT : POLLIN;
		if (poll(set, (nfds_t)nset, -1) == -1) {
			if (errno != EINTR)
				retry_later("poll");
			continue;
		}
		/* Downwards, because drop moves the last peer to the place of the one that left. */
		for (int i = nset - 1; i >= FIRST_PEER; i--)
			if ((set[i].revents & ~POLLOUT) != 0)
				hear(i);
		if (set[PATH].revents != 0)
			welcome();
		if (set[CLIENTS].revents != 0 && c == NULL) {
			c = try_accept(set[CLIENTS].fd);
			if (c == NULL && errno != EAGAIN)
				retry_later("accept");
		}
		if (c != NULL && pass(c)) {
			log_counts->connections++;
			log_line("client %s passed on", c->who);
			Close(c->fd); /* our copy, or the worker's close sends no FIN */
			free(c);
			c = NULL;
		}
	}
	path_close(set[PATH].fd);
	return server_end();
}
