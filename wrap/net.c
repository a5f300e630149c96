#include "wrap/net.h"

#include <arpa/inet.h>
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

/* A path may fill sun_path to the last byte, without a NUL: LEN tells where it ends. */
static void path_text(const struct sockaddr_un *sun, socklen_t len, char text[ADDRESS_TEXT])
{
	size_t n = len > offsetof(struct sockaddr_un, sun_path)
		       ? len - offsetof(struct sockaddr_un, sun_path)
		       : 0;

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
	static const struct {
		int code;
		const char *name;
	} codes[] = {{EAI_NONAME, "EAI_NONAME"},  {EAI_AGAIN, "EAI_AGAIN"},
		     {EAI_FAIL, "EAI_FAIL"},	  {EAI_FAMILY, "EAI_FAMILY"},
		     {EAI_MEMORY, "EAI_MEMORY"},  {EAI_SYSTEM, "EAI_SYSTEM"},
		     {EAI_SERVICE, "EAI_SERVICE"}};
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list;
	const char *name = "EAI";
	char serv[8];

	snprintf(serv, sizeof(serv), "%u", port);
	int err = getaddrinfo(host, serv, &hints, &list);
	if (err == 0)
		return list;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == err)
			name = codes[i].name;
	errno = 0;
	complain("address %s: %s (%s)", host, gai_strerror(err), name);
	exit(EXIT_FAILURE);
}

/* Sets an option that is on or off; for what a socket can do without, a failure is only said. */
static void set_option(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) == -1)
		complain("setsockopt");
}

/*
 * A socket on AI's address, bound to it or connected to it, or -1 with errno. TCP_NODELAY:
 * a message that is answered in two pieces else waits 40 ms for the peer's delayed ACK.
 */
static int open_tcp(const struct addrinfo *ai, bool server)
{
	int fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol);
	int err;

	if (fd == -1)
		return -1;
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (server)
		set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1); /* start again at once, see tcp/ */
	if (server && ai->ai_family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	err = server ? bind(fd, ai->ai_addr, ai->ai_addrlen)
		     : connect(fd, ai->ai_addr, ai->ai_addrlen);
	if (err == 0)
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* open_tcp on the first address that works; ends the program with the last one's error. */
static int open_first(const char *host, uint16_t port, bool server)
{
	struct addrinfo *list = resolve(host, port);
	int fd = -1;

	for (struct addrinfo *ai = list; ai != NULL && fd == -1; ai = ai->ai_next) {
		fd = open_tcp(ai, server);
		if (fd == -1 && ai->ai_next == NULL)
			perr_exit_address(server ? "bind" : "connect", ai->ai_addr, ai->ai_addrlen);
	}
	freeaddrinfo(list);
	return fd;
}

int tcp_listen(const char *host, uint16_t port)
{
	int lfd = open_first(host, port, true);

	Listen(lfd, SOMAXCONN);
	return lfd;
}

int tcp_connect(const char *host, uint16_t port)
{
	return open_first(host, port, false);
}
