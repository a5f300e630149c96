/*
 * What a shell script cannot do, for the tests of udp/ and multicast/. ADDR is written as
 * "127.0.0.1:9527".
 *
 *   sizes ADDR              datagrams of 0 to 65,507 bytes, each must come back whole, upper-cased
 *   crowd ADDR N            N clients at once, each must get its own datagram back
 *   send ADDR TEXT          one datagram
 *   forge FROM ADDR TEXT    one datagram that claims to come from FROM (needs root)
 *   mute                    a server that never answers; prints "listening on ADDR", as the next
 * two late                    answer every second datagram, and before it, again, the one before it
 *   stranger                another socket answers everything before the right one does
 *   hear PORT [GROUP IFACE] print "ready", then "ttl N: TEXT" of each datagram; join GROUP if given
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/talk.h"

#define LARGEST 65507

static int connected(const char *to)
{
	return dial_from(NULL, to, SOCK_DGRAM);
}

/* The next datagram on FD must be the N bytes of SENT, upper-cased. */
static void expect_back(int fd, const char *sent, size_t n)
{
	static char wanted[LARGEST], buf[LARGEST + 1];

	memcpy(wanted, sent, n);
	capitals(wanted, n);
	ssize_t back = recv(fd, buf, sizeof(buf), 0);
	if (back == -1)
		die_errno("an answer");
	if (back != (ssize_t)n || memcmp(buf, wanted, n) != 0)
		die("expected the %zu bytes back, saw %zd", n, back);
}

static void sizes(char *args[])
{
	static const size_t some[] = {0, 1, 2, 100, 0, 1472, 8192, 8193, 9000, 65506, LARGEST};
	static char buf[LARGEST];
	int fd = connected(args[0]);

	for (size_t i = 0; i < LARGEST; i++)
		buf[i] = (char)i; /* every byte value */
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		say(fd, buf, some[i]);
		expect_back(fd, buf, some[i]);
	}
}

static void crowd(char *args[])
{
	int n = number(args[1]), *fd = allocate((size_t)n * sizeof(*fd));
	char text[32];

	for (int i = 0; i < n; i++) {
		fd[i] = connected(args[0]);
		say(fd[i], text, (size_t)snprintf(text, sizeof(text), "client %d", i));
	}
	for (int i = 0; i < n; i++)
		expect_back(fd[i], text, (size_t)snprintf(text, sizeof(text), "client %d", i));
	free(fd);
}

static void send_text(char *args[])
{
	say(connected(args[0]), args[1], strlen(args[1]));
}

static struct sockaddr_in parse_in(const char *text)
{
	struct sockaddr_storage sa;
	struct sockaddr_in in;

	parse(text, &sa);
	memcpy(&in, &sa, sizeof(in));
	return in;
}

/* A raw socket writes the headers itself, so the sender in them may be anyone; the kernel adds
 * the lengths and the checksum of IP's (raw(7)). */
static void forge(char *args[])
{
	struct sockaddr_in source = parse_in(args[0]), target = parse_in(args[1]);
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
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
	size_t n = strlen(args[2]);

	if (n > sizeof(packet.text))
		die("TEXT is too long");
	memcpy(packet.text, args[2], n);
	packet.udp.len = htons((uint16_t)(sizeof(packet.udp) + n)); /* checksum 0: none */
	target.sin_port = 0;
	if (fd == -1 || connect(fd, (struct sockaddr *)&target, sizeof(target)) == -1)
		die_errno("a raw socket");
	say(fd, (char *)&packet, sizeof(packet.ip) + sizeof(packet.udp) + n);
}

/* Returns how many bytes the next datagram has, and answers it at *PEER. */
static size_t receive(int fd, char buf[512], struct sockaddr_in *peer)
{
	socklen_t len = sizeof(*peer);
	ssize_t n = recvfrom(fd, buf, 512, 0, (struct sockaddr *)peer, &len);

	if (n == -1)
		die_errno("recvfrom");
	capitals(buf, (size_t)n);
	return (size_t)n;
}

static void answer(int fd, const char *buf, size_t n, const struct sockaddr_in *peer)
{
	sendto(fd, buf, n, 0, (const struct sockaddr *)peer, sizeof(*peer));
}

static int listener(void)
{
	int fd = bound_to("127.0.0.1:0", SOCK_DGRAM);

	print_address("listening", fd);
	return fd;
}

static void mute(char *args[])
{
	(void)args;
	listener();
	pause();
}

static void late(char *args[])
{
	struct sockaddr_in peer;
	char first[512], second[512];
	int fd = listener();

	(void)args;
	for (;;) {
		size_t n = receive(fd, first, &peer), m = receive(fd, second, &peer);
		answer(fd, first, n, &peer);
		answer(fd, "", 0, &peer); /* and one that nobody asked for */
		answer(fd, second, m, &peer);
	}
}

static void stranger(char *args[])
{
	struct sockaddr_in peer;
	char buf[512];
	int fd = listener(), other = bound_to("127.0.0.1:0", SOCK_DGRAM);

	(void)args;
	for (;;) {
		size_t n = receive(fd, buf, &peer);
		answer(other, buf, n, &peer);
		answer(other, "from a stranger\n", 16, &peer);
		answer(fd, buf, n, &peer);
	}
}

/* IP_MULTICAST_ALL is off: what others on this host have joined is not ours to hear. */
static void hear_group(char *args[])
{
	char any[32], buf[2048], control[64];
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, off = 0;
	struct ip_mreqn mreqn = {0};
	const char *group = args[1];

	snprintf(any, sizeof(any), "0.0.0.0:%s", args[0]);
	struct sockaddr_in addr = parse_in(any);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off)) == -1)
		die_errno("setsockopt");
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		die_errno("bind");
	if (group != NULL) {
		mreqn.imr_ifindex = (int)if_nametoindex(args[2]);
		if (inet_pton(AF_INET, group, &mreqn.imr_multiaddr) != 1 ||
		    setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreqn, sizeof(mreqn)) == -1)
			die_errno("join");
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
			die_errno("recvmsg");
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		if (c != NULL && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL)
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
		printf("ttl %d: %.*s%s", ttl, (int)n, buf, n > 0 && buf[n - 1] == '\n' ? "" : "\n");
	}
}

int main(int argc, char *argv[])
{
	static const struct word words[] = {
	    {"sizes", 1, sizes},       {"crowd", 2, crowd},	{"send", 2, send_text},
	    {"forge", 3, forge},       {"mute", 0, mute},	{"late", 0, late},
	    {"stranger", 0, stranger}, {"hear", 1, hear_group},
	};

	(void)argc;
	return run_word(words, sizeof(words) / sizeof(words[0]), argv);
}
