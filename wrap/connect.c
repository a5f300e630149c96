/*
 * The clients' side of wrap/net.h: a name's addresses are tried one after another until one is
 * connected. A program cannot shorten the time-out of connect. So when SECONDS are given the socket
 * is made non-blocking: connect returns at once, poll waits for the outcome, and SO_ERROR holds it.
 * Two addresses are never tried at the same time; see poll/race_client.
 */
#include "wrap/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "wrap/error.h"
#include "wrap/net.h"
#include "wrap/text.h"

int tcp_start_connect(struct attempt *a)
{
	int fd = tcp_socket(a);

	if (fd == -1)
		return -1;
	set_nonblocking(fd);
	if (connect(fd, a->ai->ai_addr, a->ai->ai_addrlen) == -1 && errno != EINPROGRESS)
		return attempt_failed(a, fd, "connect", errno);
	return fd;
}

int connect_error(int fd)
{
	int err;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) == -1)
		perr_exit("getsockopt");
	return err;
}

/* Returns a socket that is connected to the address of A within SECONDS, or -1. */
static int connect_within(struct attempt *a, double seconds)
{
	struct pollfd set = {.fd = tcp_start_connect(a), .events = POLLOUT};

	if (set.fd == -1)
		return -1;
	int nready = poll(&set, 1, (int)(seconds * 1000));
	int err = nready == -1 ? errno : nready == 0 ? ETIMEDOUT : connect_error(set.fd);
	if (err != 0)
		return attempt_failed(a, set.fd, "connect", err);
	if (fcntl(set.fd, F_SETFL, 0) == -1) /* blocking again; a socket has no other flag */
		perr_exit("fcntl");
	return set.fd;
}

static int try_connect(struct attempt *a, double seconds)
{
	if (seconds > 0)
		return connect_within(a, seconds);
	int fd = tcp_socket(a);
	if (fd != -1 && connect(fd, a->ai->ai_addr, a->ai->ai_addrlen) == -1)
		return attempt_failed(a, fd, "connect", errno);
	return fd;
}

int tcp_try_connect(const char *host, uint16_t port, double seconds)
{
	struct addrinfo *list = tcp_addresses(host, port);
	struct attempt last = {.ai = list};
	int fd = -1;

	for (struct addrinfo *ai = list; ai != NULL && fd == -1; ai = ai->ai_next) {
		last.ai = ai;
		fd = try_connect(&last, seconds);
	}
	if (fd == -1)
		complain_about(&last);
	else
		check_peer(fd);
	freeaddrinfo(list);
	return fd;
}

int tcp_connect(const char *host, uint16_t port, double seconds)
{
	int fd = tcp_try_connect(host, port, seconds);

	if (fd == -1)
		exit(EXIT_FAILURE);
	return fd;
}

void check_peer(int fd)
{
	struct sockaddr_storage own = {0}, peer = {0};
	socklen_t own_len = sizeof(own), peer_len = sizeof(peer);
	char text[ADDRESS_TEXT];

	/* Ignore errors here: the client's first write meets and reports them. */
	if (getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
	    getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 &&
	    memcmp(&own, &peer, sizeof(own)) == 0)
		message_exit("%s is this client itself: nobody listens there",
			     address_text((struct sockaddr *)&peer, peer_len, text));
}
