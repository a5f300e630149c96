#include "udp/group.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

#define LARGEST 65507 /* bytes of a datagram, see client.c */

struct sockaddr_in address(const char *text, uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (inet_pton(AF_INET, text, &addr.sin_addr) != 1) {
		errno = EINVAL;
		perr_exit(text);
	}
	return addr;
}

bool on_loopback(const struct sockaddr_in *addr)
{
	return ntohl(addr->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

void group_check(const struct sockaddr_in *self, const struct sockaddr_in *group)
{
	if (self->sin_addr.s_addr == group->sin_addr.s_addr) {
		errno = EINVAL;
		complain("-a %s is where it sends to", opt.host);
		exit(EXIT_FAILURE);
	}
}

ssize_t group_receive(int fd, const struct sockaddr_in *self, char *buf, size_t size, int flags)
{
	char ip[INET_ADDRSTRLEN], who[INET_ADDRSTRLEN + sizeof(":65535")];
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	ssize_t n = recvfrom(fd, buf, size, flags, (struct sockaddr *)&peer, &len);

	if (n == -1 && errno != EAGAIN && errno != EINTR)
		shortage("recvfrom");
	if (n == -1 || len == 0) /* no sender: shut down; an empty datagram has one */
		return -1;
	inet_ntop(AF_INET, &peer.sin_addr, ip, sizeof(ip));
	snprintf(who, sizeof(who), "%s:%u", ip, ntohs(peer.sin_port));
	log_line("client %s sent %zd bytes\n", who, n);
	log_data(who, buf, (size_t)n);
	/* Nobody has port 0; and with -a 0.0.0.0 and -p PORT we hear ourselves, round and round. */
	bool ours =
	    peer.sin_port == self->sin_port && (peer.sin_addr.s_addr == self->sin_addr.s_addr ||
						self->sin_addr.s_addr == htonl(INADDR_ANY));
	if (peer.sin_port == 0 || ours) {
		log_line("client %s is not answered\n", who);
		return -1;
	}
	upper(buf, (size_t)n);
	return n;
}

/* Takes one byte typed, and sends the line when it is whole. Returns false at end of input. One
 * byte only: poll promises no more, and who waits for the rest of a line hears nothing. */
static bool take_typed(int fd)
{
	static char line[LARGEST + 1];
	static size_t len;
	ssize_t n = Read(STDIN_FILENO, line + len, 1);

	if (n == -1)
		perr_exit("read stdin");
	len += (size_t)n;
	if (len > LARGEST) {
		errno = EMSGSIZE;
		perr_exit("a line");
	}
	if (len > 0 && (n == 0 || line[len - 1] == '\n')) {
		/* Again: the first may, in place of sending, tell an earlier line's error. */
		if (send(fd, line, len, 0) == -1 && send(fd, line, len, 0) == -1)
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
	size_t off = 0, rest = 0; /* of a datagram: what stdout has not taken yet */
	int count = 0;
	ssize_t n;

	while (opt.count == 0 || count < opt.count || rest > 0) {
		/* While stdout is full nothing more is heard; what is typed still goes out. */
		set[0].fd = rest > 0 ? STDOUT_FILENO : lfd;
		set[0].events = rest > 0 ? POLLOUT : POLLIN;
		if (poll(set, 3, -1) == -1) {
			if (errno != EINTR)
				perr_exit("poll");
			continue;
		}
		if (set[0].revents != 0 &&
		    rest > 0) { /* what is ready takes PIPE_BUF bytes, pipe(7) */
			n = Write(STDOUT_FILENO, buf + off, rest < PIPE_BUF ? rest : PIPE_BUF);
			if (n == -1 && errno != EAGAIN)
				perr_exit("write stdout");
			off += n > 0 ? (size_t)n : 0;
			rest -= n > 0 ? (size_t)n : 0;
		} else if (set[0].revents != 0) {
			/* Not waiting: what poll saw may turn out to be damaged, and is dropped. */
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
			set[2].fd = -1; /* poll overlooks it from now on */
	}
	return EXIT_SUCCESS;
}
