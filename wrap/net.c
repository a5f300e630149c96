/*
 * From a name to a TCP socket. A name may have several addresses, so one after another is tried
 * until a socket can be bound or connected; when none can, the last one's error is reported.
 */
#include "wrap/net.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wrap/error.h"
#include "wrap/text.h"
#include "wrap/wrap.h"

static struct addrinfo *resolve(const char *host, uint16_t port)
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

/* The address that was tried last, and the call on it that failed. */
struct attempt {
	const struct addrinfo *ai;
	const char *call;
};

/*
 * Returns a socket that is bound to LAST->ai, with the option REUSE, or is connected to it, if
 * REUSE is 0; or -1 with errno.
 */
static int try_address(struct attempt *last, int reuse)
{
	const struct addrinfo *ai = last->ai;
	int fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol), result;

	last->call = "socket for";
	if (fd == -1)
		return -1;
	/* Without it a second small write waits up to 40 ms for the ACK of the first. */
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (reuse != 0) {
		/* With either a restart works while old connections still hold the port. */
		set_option(fd, SOL_SOCKET, reuse, 1);
		if (ai->ai_family == AF_INET6)
			set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
		last->call = "bind";
		result = bind(fd, ai->ai_addr, ai->ai_addrlen);
	} else {
		last->call = "connect";
		result = connect(fd, ai->ai_addr, ai->ai_addrlen);
	}
	if (result == 0)
		return fd;
	int err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* Returns a socket for the first address of LIST that works and is of FAMILY (AF_UNSPEC: any). */
static int try_all(struct addrinfo *list, int family, int reuse, struct attempt *last)
{
	int fd = -1;

	for (; fd == -1 && list != NULL; list = list->ai_next) {
		if (family != AF_UNSPEC && family != list->ai_family)
			continue;
		last->ai = list;
		fd = try_address(last, reuse);
	}
	return fd;
}

static void complain_about(const struct attempt *last)
{
	char text[ADDRESS_TEXT];

	complain("%s %s", last->call, address_text(last->ai->ai_addr, last->ai->ai_addrlen, text));
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
	struct addrinfo *list = resolve(host, *port);
	struct attempt last = {.ai = list, .call = "socket for"};
	/* IPv4 first: "localhost" has both, and the clients here try 127.0.0.1 by default. */
	int fd = try_all(list, AF_INET, reuse, &last);

	if (fd == -1)
		fd = try_all(list, AF_INET6, reuse, &last);
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

int tcp_try_connect(const char *host, uint16_t port)
{
	struct addrinfo *list = resolve(host, port);
	struct attempt last = {.ai = list, .call = "socket for"};
	int fd = try_all(list, AF_UNSPEC, 0, &last);

	if (fd == -1)
		complain_about(&last);
	else
		check_peer(fd);
	freeaddrinfo(list);
	return fd;
}

int tcp_connect(const char *host, uint16_t port)
{
	int fd = tcp_try_connect(host, port);

	if (fd == -1)
		exit(EXIT_FAILURE);
	return fd;
}

void check_peer(int fd)
{
	struct sockaddr_storage own = {0}, peer = {0};
	socklen_t own_len = sizeof(own), peer_len = sizeof(peer);
	char text[ADDRESS_TEXT];

	/* An error of these calls comes again, and is reported, when the client writes. */
	if (getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
	    getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 &&
	    memcmp(&own, &peer, sizeof(own)) == 0)
		message_exit("%s is this client itself: nobody listens there",
			     address_text((struct sockaddr *)&peer, peer_len, text));
}

void set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		perr_exit("fcntl");
}
