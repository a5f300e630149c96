/*
 * A group has one server and many listeners. A line goes to the server by unicast; the server sends
 * it on to all of them at once. A client is a listener that may also type lines.
 */
#include "udp/group.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/log.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/text.h"
#include "wrap/wrap.h"

#define LARGEST 65507 /* bytes of a datagram, see udp/client.c */

struct sockaddr_in address(const char *text, uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (inet_pton(AF_INET, text, &addr.sin_addr) != 1)
		message_exit("'%s' is not a dotted IPv4 address", text);
	return addr;
}

bool on_loopback(const struct sockaddr_in *addr)
{
	return ntohl(addr->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

void group_check(const struct sockaddr_in *self, const struct sockaddr_in *group)
{
	if (self->sin_addr.s_addr == group->sin_addr.s_addr)
		message_exit("-a %s is the address that it sends to", opt.host);
}

void check_broadcast(const struct sockaddr_in *addr)
{
	struct ifaddrs *list;
	bool found = false;

	if (on_loopback(addr) || addr->sin_addr.s_addr == htonl(INADDR_BROADCAST))
		return;
	if (getifaddrs(&list) == -1)
		perr_exit("getifaddrs");
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
		const struct sockaddr_in *own = (const struct sockaddr_in *)i->ifa_broadaddr;
		if ((i->ifa_flags & IFF_BROADCAST) && own != NULL && own->sin_family == AF_INET)
			found |= own->sin_addr.s_addr == addr->sin_addr.s_addr;
	}
	freeifaddrs(list);
	if (!found)
		message_exit("-b %s is no broadcast address of a network here", opt.broadcast);
}

/* Waits until FD is readable or shut down, a signal comes, or now_ms() is UNTIL. */
static void wait_for(int fd, int64_t until)
{
	struct pollfd set = {.fd = fd, .events = POLLIN};
	int64_t ms = until - now_ms();

	if (ms > INT_MAX)
		ms = -1; /* no time-out */
	else if (ms < 0)
		ms = 0;
	if (poll(&set, 1, (int)ms) == -1 && errno != EINTR)
		retry_later("poll");
}

ssize_t group_receive(int fd, const struct sockaddr_in *self, char *buf, size_t size, int64_t until)
{
	char who[ADDRESS_TEXT];
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);

	wait_for(fd, until);
	/* Don't block: poll also returns when the time is over. */
	ssize_t n = recvfrom(fd, buf, size, MSG_DONTWAIT, (struct sockaddr *)&peer, &len);
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		retry_later("recvfrom");
	if (n == -1 || len == 0) /* len 0: no sender, so it is a stop, not a datagram */
		return -1;
	address_text((struct sockaddr *)&peer, len, who);
	log_line("client %s sent %zd bytes", who, n);
	log_data(who, buf, (size_t)n);
	/* Nobody has port 0. With -a 0.0.0.0 and -p = PORT the server receives what it sends. */
	bool ours =
	    peer.sin_port == self->sin_port && (peer.sin_addr.s_addr == self->sin_addr.s_addr ||
						self->sin_addr.s_addr == htonl(INADDR_ANY));
	if (peer.sin_port == 0 || ours) {
		log_line("client %s is not answered", who);
		return -1;
	}
	upper(buf, (size_t)n);
	return n;
}

int group_interface(const struct sockaddr_in *addr)
{
	const char *name = opt.interface != NULL ? opt.interface : "lo";

	if (opt.interface == NULL && !on_loopback(addr) && addr->sin_addr.s_addr != INADDR_ANY)
		message_exit("%s needs -i, the interface that reaches it", opt.host);
	int index = (int)if_nametoindex(name);
	if (index == 0)
		perr_exit("interface %s", name);
	return index;
}

void group_send(int fd, const struct sockaddr_in *group, const char *buf, size_t n)
{
	char text[ADDRESS_TEXT];

	if (sendto(fd, buf, n, MSG_DONTWAIT, (const struct sockaddr *)group, sizeof(*group)) == -1)
		complain("sendto %s",
			 address_text((const struct sockaddr *)group, sizeof(*group), text));
}

/*
 * Reads one byte that was typed, and sends the line when it is whole. Readline will not do: while
 * it waits for the rest of a line, the client prints nothing. Returns false at end of input.
 */
static bool take_typed(int fd)
{
	static char line[LARGEST + 1];
	static size_t len;
	ssize_t n = Read(STDIN_FILENO, line + len, 1);

	if (n == -1)
		perr_exit("read stdin");
	len += (size_t)n;
	if (len > LARGEST)
		message_exit("a line is longer than a datagram, %d bytes", LARGEST);
	if (len > 0 && (n == 0 || line[len - 1] == '\n')) {
		if (send(fd, line, len, 0) == -1)
			complain("send %s:%u", opt.host, opt.port);
		len = 0;
	}
	return n > 0;
}

int group_client(int lfd, int fd)
{
	struct pollfd set[] = {
	    {0}, {.fd = fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
	char buf[65536];
	size_t off = 0, rest = 0; /* REST bytes from buf[off] on are still to be printed */
	int count = 0;
	ssize_t n;

	while (opt.count == 0 || count < opt.count || rest > 0) {
		/* While stdout is full nothing is received, but what is typed still goes out. */
		set[0].fd = rest > 0 ? STDOUT_FILENO : lfd;
		set[0].events = rest > 0 ? POLLOUT : POLLIN;
		if (poll(set, 3, -1) == -1) {
			if (errno != EINTR)
				perr_exit("poll");
			continue;
		}
		if (set[0].revents != 0 && rest > 0) {
			/* A pipe that is ready takes PIPE_BUF bytes without blocking, pipe(7). */
			n = Write(STDOUT_FILENO, buf + off, rest < PIPE_BUF ? rest : PIPE_BUF);
			if (n == -1 && errno != EAGAIN)
				perr_exit("write stdout");
			off += n > 0 ? (size_t)n : 0;
			rest -= n > 0 ? (size_t)n : 0;
		} else if (set[0].revents != 0) {
			n = recv(lfd, buf, sizeof(buf), MSG_DONTWAIT);
			if (n == -1 && errno != EAGAIN && errno != EINTR)
				perr_exit("recv");
			count += n >= 0;
			off = 0;
			rest = n > 0 ? (size_t)n : 0;
		}
		/* The server does not answer here: what comes is an error, such as ECONNREFUSED. */
		if (set[1].revents != 0) {
			n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
			if (n == -1 && errno != EAGAIN && errno != EINTR)
				complain("%s:%u", opt.host, opt.port);
		}
		if (set[2].revents != 0 && !take_typed(fd))
			set[2].fd = -1; /* poll skips it from now on */
	}
	return EXIT_SUCCESS;
}
