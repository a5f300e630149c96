#include "wrap/net.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "wrap/run.h"
#include "wrap/wrap.h"

/* A path may fill sun_path to the last byte, without a NUL, and LEN may count a NUL behind it. */
static void path_text(const struct sockaddr_un *sun, size_t len, char text[ADDRESS_TEXT])
{
	const size_t start = offsetof(struct sockaddr_un, sun_path);
	size_t n = len > start ? len - start : 0;

	if (n > sizeof(sun->sun_path))
		n = sizeof(sun->sun_path);
	if (n == 0) {
		strcpy(text, "(unnamed)");
	} else if (sun->sun_path[0] == '\0') {
		text[0] = '@';
		printable(text + 1, ADDRESS_TEXT - 1, sun->sun_path + 1, n - 1);
	} else {
		printable(text, ADDRESS_TEXT, sun->sun_path, strnlen(sun->sun_path, n));
	}
}

void address_text(const struct sockaddr *sa, socklen_t len, char text[ADDRESS_TEXT])
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (sa->sa_family == AF_UNIX)
		path_text((const struct sockaddr_un *)sa, len, text);
	else if (getnameinfo(sa, len, host, sizeof(host), port, sizeof(port),
			     NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		strcpy(text, "(unknown)");
	else
		snprintf(text, ADDRESS_TEXT, strchr(host, ':') ? "[%.64s]:%s" : "%.64s:%s", host,
			 port);
}

/* Every address of HOST and PORT, or the end of the program. */
static struct addrinfo *resolve(const char *host, uint16_t port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *list;
	char serv[8];

	snprintf(serv, sizeof(serv), "%u", port);
	int err = getaddrinfo(host, serv, &hints, &list);
	if (err == 0)
		return list;
	if (err != EAI_SYSTEM)
		errno = 0;
	complain("address '%.200s': %s (%s)", host, gai_strerror(err),
		 err == EAI_NONAME  ? "EAI_NONAME"
		 : err == EAI_AGAIN ? "EAI_AGAIN"
				    : "see getaddrinfo(3)");
	exit(EXIT_FAILURE);
}

/* Sets an option that is on or off; what a socket can do without is only said. */
static void set_option(int fd, int level, int option, int value, const char *name)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) == -1)
		complain("setsockopt %s", name);
}

/*
 * A socket bound to HOST and PORT, or connected to them, on the first address that works; else the
 * end of the program with the last one's error.
 */
static int open_tcp(const char *host, uint16_t port, bool server)
{
	struct addrinfo *list = resolve(host, port);

	for (struct addrinfo *ai = list;; ai = ai->ai_next) {
		int fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol), result = -1;
		if (fd != -1) {
			/* Else a message answered in two pieces waits 40 ms for a delayed ACK. */
			set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
			if (server)
				set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
			if (server && ai->ai_family == AF_INET6)
				set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0, "IPV6_V6ONLY");
			result = server ? bind(fd, ai->ai_addr, ai->ai_addrlen)
					: connect(fd, ai->ai_addr, ai->ai_addrlen);
		}
		if (result == 0) {
			freeaddrinfo(list);
			return fd;
		}
		if (ai->ai_next == NULL)
			perr_exit_address(server ? "bind" : "connect", ai->ai_addr, ai->ai_addrlen);
		if (fd != -1)
			close(fd);
	}
}

int tcp_listen(const char *host, uint16_t port)
{
	int lfd = open_tcp(host, port, true);

	Listen(lfd, SOMAXCONN);
	return lfd;
}

int tcp_connect(const char *host, uint16_t port)
{
	return open_tcp(host, port, false);
}
