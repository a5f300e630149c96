/*
 * What a shell script cannot do, for the tests of udp/ and multicast/. An address is written as
 * "127.0.0.1:9527".
 *
 *   sizes ADDR              datagrams of 0 to 65,507 bytes, each must come back whole, upper-cased
 *   crowd ADDR N            N clients at once, each must get its own datagram back
 *   send ADDR TEXT          one datagram
 *   forge FROM ADDR TEXT    one datagram that says it is FROM, whoever that is (needs root)
 *   mute                    a server that never answers; says "listening on ADDR", as the next two
 *   late                    answers every second datagram, and with it, before it, the one before
 *   stranger                another socket answers everything before the right one does
 *   hear PORT [GROUP IFACE] says "ready", then "ttl N: TEXT" of each datagram; joins GROUP if told
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

#define BOUND_MS 10000 /* no wait is longer: a test that fails must end */
#define LARGEST 65507

static void die(const char *what)
{
	errno = 0;
	perr_exit(what);
}

static struct sockaddr_in parse(const char *text)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	char ip[INET_ADDRSTRLEN];
	unsigned short port;

	if (sscanf(text, "%15[0-9.]:%hu", ip, &port) != 2 ||
	    inet_pton(AF_INET, ip, &addr.sin_addr) != 1)
		die(text);
	addr.sin_port = htons(port);
	return addr;
}

static int connected(const char *to)
{
	struct sockaddr_in addr = parse(to);
	int fd = Socket(AF_INET, SOCK_DGRAM, 0);

	Connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	return fd;
}

static void send_one(int fd, const char *buf, size_t n)
{
	if (send(fd, buf, n, 0) != (ssize_t)n)
		perr_exit("send");
}

/* The next datagram on FD must be the N bytes of SENT, upper-cased. */
static void expect_back(int fd, const char *sent, size_t n)
{
	static char wanted[LARGEST], buf[LARGEST + 1];
	struct pollfd set = {.fd = fd, .events = POLLIN};

	memcpy(wanted, sent, n);
	upper(wanted, n);
	if (poll(&set, 1, BOUND_MS) != 1)
		die("no answer");
	ssize_t back = recv(fd, buf, sizeof(buf), 0);
	if (back == -1)
		perr_exit("recv");
	if (back != (ssize_t)n || memcmp(buf, wanted, n) != 0) {
		errno = 0;
		complain("expected the %zu bytes back, saw %zd", n, back);
		exit(EXIT_FAILURE);
	}
}

static void sizes(const char *to)
{
	static const size_t some[] = {0, 1, 2, 100, 0, 1472, 8192, 8193, 9000, 65506, LARGEST};
	static char buf[LARGEST];
	int fd = connected(to);

	for (size_t i = 0; i < LARGEST; i++)
		buf[i] = (char)i; /* every byte value */
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		send_one(fd, buf, some[i]);
		expect_back(fd, buf, some[i]);
	}
}

static void crowd(const char *to, int n)
{
	int *fd = calloc((size_t)n, sizeof(*fd));
	char text[32];

	if (fd == NULL)
		perr_exit("calloc");
	for (int i = 0; i < n; i++) {
		fd[i] = connected(to);
		send_one(fd[i], text, (size_t)snprintf(text, sizeof(text), "client %d", i));
	}
	for (int i = 0; i < n; i++)
		expect_back(fd[i], text, (size_t)snprintf(text, sizeof(text), "client %d", i));
	free(fd);
}

/* A raw socket writes the headers itself, so the sender in them may be anyone; the kernel adds
 * the lengths and the checksum of IP's (raw(7)). */
static void forge(const char *from, const char *to, const char *text)
{
	struct sockaddr_in source = parse(from), target = parse(to);
	int fd = Socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char text[256];
	} packet = {.ip = {.version = 4,
			   .ihl = sizeof(struct iphdr) / 4,
			   .ttl = 64,
			   .protocol = IPPROTO_UDP,
			   .saddr = source.sin_addr.s_addr,
			   .daddr = target.sin_addr.s_addr},
		    .udp = {.source = source.sin_port, .dest = target.sin_port}};
	size_t n = strlen(text);

	if (n > sizeof(packet.text))
		die("TEXT is too long");
	memcpy(packet.text, text, n);
	packet.udp.len = htons((uint16_t)(sizeof(packet.udp) + n)); /* checksum 0: none */
	target.sin_port = 0;
	Connect(fd, (struct sockaddr *)&target, sizeof(target));
	send_one(fd, (char *)&packet, sizeof(packet.ip) + sizeof(packet.udp) + n);
}

/* A socket on a port of the loopback that the kernel picks. */
static int on_any_port(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = Socket(AF_INET, SOCK_DGRAM, 0);

	Bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	return fd;
}

static void serve(const char *how)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	char buf[2][512], text[ADDRESS_TEXT];
	size_t n[2] = {0};
	int fd = on_any_port(), other = on_any_port();

	if (getsockname(fd, (struct sockaddr *)&addr, &len) == -1)
		perr_exit("getsockname");
	address_text((struct sockaddr *)&addr, len, text);
	printf("listening on %s\n", text);
	fflush(stdout);
	for (int i = 0;; i = !i) {
		const struct sockaddr *peer = (struct sockaddr *)&addr;
		len = sizeof(addr);
		ssize_t back =
		    recvfrom(fd, buf[i], sizeof(buf[i]), 0, (struct sockaddr *)&addr, &len);
		if (back == -1)
			perr_exit("recvfrom");
		n[i] = (size_t)back;
		upper(buf[i], n[i]);
		if (strcmp(how, "stranger") == 0) {
			sendto(other, buf[i], n[i], 0, peer, len);
			sendto(other, "from a stranger\n", 16, 0, peer, len);
			sendto(fd, buf[i], n[i], 0, peer, len);
		} else if (strcmp(how, "late") == 0 && i == 1) {
			sendto(fd, buf[0], n[0], 0, peer, len);
			sendto(fd, "", 0, 0, peer, len); /* and one that nobody asked for */
			sendto(fd, buf[1], n[1], 0, peer, len);
		}
	}
}

/* IP_MULTICAST_ALL is off: what others on this host have joined is not ours to hear. */
static void hear(const char *port, const char *group, const char *interface)
{
	char any[32], buf[2048], control[64];
	int fd = Socket(AF_INET, SOCK_DGRAM, 0), on = 1, off = 0;
	struct ip_mreqn mreqn = {0};

	snprintf(any, sizeof(any), "0.0.0.0:%s", port);
	struct sockaddr_in addr = parse(any);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off)) == -1)
		perr_exit("setsockopt");
	Bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	if (group != NULL) {
		mreqn.imr_ifindex = (int)if_nametoindex(interface);
		if (inet_pton(AF_INET, group, &mreqn.imr_multiaddr) != 1 ||
		    setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreqn, sizeof(mreqn)) == -1)
			perr_exit("join");
	}
	printf("ready\n");
	for (;;) {
		struct iovec data = {.iov_base = buf, .iov_len = sizeof(buf) - 1};
		struct msghdr message = {.msg_iov = &data,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control)};
		int ttl = -1;
		fflush(stdout);
		ssize_t n = recvmsg(fd, &message, 0);
		if (n == -1)
			perr_exit("recvmsg");
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		if (c != NULL && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL)
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
		printf("ttl %d: %.*s%s", ttl, (int)n, buf, n > 0 && buf[n - 1] == '\n' ? "" : "\n");
	}
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "sizes") == 0 && argc == 3)
		sizes(argv[2]);
	else if (strcmp(what, "crowd") == 0 && argc == 4)
		crowd(argv[2], atoi(argv[3]));
	else if (strcmp(what, "send") == 0 && argc == 4)
		send_one(connected(argv[2]), argv[3], strlen(argv[3]));
	else if (strcmp(what, "forge") == 0 && argc == 5)
		forge(argv[2], argv[3], argv[4]);
	else if (strcmp(what, "hear") == 0 && (argc == 3 || argc == 5))
		hear(argv[2], argc == 5 ? argv[3] : NULL, argc == 5 ? argv[4] : NULL);
	else if ((strcmp(what, "mute") == 0 || strcmp(what, "late") == 0 ||
		  strcmp(what, "stranger") == 0) &&
		 argc == 2)
		serve(what);
	else
		die("see the head of tests/udp_peer.c");
	return EXIT_SUCCESS;
}
