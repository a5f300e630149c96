/*
 * From a name to a TCP socket. A name may have several addresses, so one after another is tried
 * until a socket can be bound (or connected: wrap/connect.c); when none can, the last one's error
 * is reported.
 */
#include "wrap/net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wrap/connect.h"
#include "wrap/error.h"
#include "wrap/text.h"
#include "wrap/wrap.h"

struct addrinfo *tcp_addresses(const char *host, uint16_t port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *list;
	char name[NI_MAXHOST], service[sizeof("65535")];
	size_t n = strlen(host);

	if (n > 2 && host[0] == '[' && host[n - 1] == ']') /* as in [::1] */
		snprintf(name, sizeof(name), "%.*s", (int)n - 2, host + 1);
	else
		snprintf(name, sizeof(name), "%s", host);
	snprintf(service, sizeof(service), "%u", port);
	int err = getaddrinfo(name, service, &hints, &list);
	if (err == EAI_SYSTEM)
		perr_exit("address '%.200s'", host);
	if (err != 0) /* not an errno, but an EAI_ number of getaddrinfo */
		message_exit("address '%.200s': %s", host, gai_strerror(err));
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)list->ai_addr;
	if (list->ai_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr) &&
	    sin6->sin6_scope_id == 0) /* every interface has such addresses */
		message_exit("address '%.200s' needs its interface, as in fe80::1%%eth0", host);
	return list;
}

static void set_option(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) == -1)
		perr_exit("setsockopt");
}

int attempt_failed(struct attempt *a, int fd, const char *call, int err)
{
	a->call = call;
	a->err = err;
	if (fd != -1)
		close(fd);
	return -1;
}

void complain_about(const struct attempt *a)
{
	char text[ADDRESS_TEXT];

	complain_of(a->err, "%s %s", a->call,
		    address_text(a->ai->ai_addr, a->ai->ai_addrlen, text));
}

int tcp_socket(struct attempt *a)
{
	int fd = socket(a->ai->ai_family, a->ai->ai_socktype, a->ai->ai_protocol);

	if (fd == -1)
		return attempt_failed(a, fd, "socket for", errno);
	/* Without it a second small write waits up to 40 ms for the ACK of the first. */
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return fd;
}

/* Returns a socket with the option REUSE that is bound to the address of A, or -1. */
static int try_bind(struct attempt *a, int reuse)
{
	int fd = tcp_socket(a);

	if (fd == -1)
		return -1;
	/* With either a restart works while old connections still hold the port. */
	set_option(fd, SOL_SOCKET, reuse, 1);
	if (a->ai->ai_family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (bind(fd, a->ai->ai_addr, a->ai->ai_addrlen) == -1)
		return attempt_failed(a, fd, "bind", errno);
	return fd;
}

static uint16_t bound_port(int fd)
{
	struct sockaddr_in6 sa; /* sin_port of IPv4 stands in the same place */
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) == -1)
		perr_exit("getsockname");
	return ntohs(sa.sin6_port);
}

int tcp_bind(const char *host, uint16_t *port, int reuse)
{
	/* IPv4 first: "localhost" has both, and the clients here try 127.0.0.1 by default. */
	static const int families[] = {AF_INET, AF_INET6};
	struct addrinfo *list = tcp_addresses(host, *port);
	struct attempt last = {.ai = list};
	int fd = -1;

	for (int i = 0; i < 2; i++)
		for (struct addrinfo *ai = list; ai != NULL && fd == -1; ai = ai->ai_next)
			if (ai->ai_family == families[i]) {
				last.ai = ai;
				fd = try_bind(&last, reuse);
			}
	if (fd == -1) {
		complain_about(&last);
		exit(EXIT_FAILURE);
	}
	freeaddrinfo(list);
	*port = bound_port(fd);
	return fd;
}

int tcp_listen(const char *host, uint16_t port)
{
	int lfd = tcp_bind(host, &port, SO_REUSEADDR);

	Listen(lfd, BACKLOG);
	return lfd;
}

void set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		perr_exit("fcntl");
}
