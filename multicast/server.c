/*
 * Multicast: a line comes by unicast and goes, upper-cased, to the members of a group (-g) that are
 * reached through one interface (-i), on their port (-p). Only hosts with a member receive it. The
 * server itself need not join. With -s SECONDS it also sends a numbered tick.
 * Try: two clients and -s 1; a client with another -g; tcpdump -ni lo port 9000.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udp/group.h"
#include "wrap/error.h"
#include "wrap/options.h"
#include "wrap/server.h"

int main(int argc, char *argv[])
{
	struct ip_mreqn out = {0};
	int ttl = 1, loop = 1;
	unsigned tick = 0;
	char buf[65536];

	options(argc, argv,
		"[-v|-q] [-a ADDR=127.0.0.1] [-g GROUP=239.0.0.2] [-i IFACE] [-p PORT=9000] "
		"[-s SECONDS] [PORT=8000]");
	struct sockaddr_in addr = address(opt.host, opt.port);
	struct sockaddr_in group = address(opt.group, opt.listeners_port);
	socklen_t len = sizeof(addr);
	group_check(&addr, &group);
	if (!IN_MULTICAST(ntohl(group.sin_addr.s_addr)))
		message_exit("-g %s is not a multicast address, 224.0.0.0/4", opt.group);
	out.imr_ifindex = group_interface(&addr);
	if (on_loopback(&addr) && opt.interface != NULL && strcmp(opt.interface, "lo") != 0)
		message_exit("-i %s leaves the loopback, -a %s does not", opt.interface, opt.host);

	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1)
		perr_exit("socket");
	/* Send through one interface, past no router (TTL 1), to members on this host, too. */
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out)) == -1)
		perr_exit("setsockopt IP_MULTICAST_IF");
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl)) == -1)
		perr_exit("setsockopt IP_MULTICAST_TTL");
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, sizeof(loop)) == -1)
		perr_exit("setsockopt IP_MULTICAST_LOOP");
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		perr_exit("bind %s:%u", opt.host, opt.port);
	if (getsockname(fd, (struct sockaddr *)&addr, &len) == -1) /* learn the port if it was 0 */
		perr_exit("getsockname");
	server_ready(fd);

	int64_t period = (int64_t)(opt.period * 1000);
	int64_t next = period > 0 ? now_ms() + period : FOREVER;
	while (!stopping()) {
		ssize_t n = group_receive(fd, &addr, buf, sizeof(buf), next);
		if (n >= 0)
			group_send(fd, &group, buf, (size_t)n);
		if (now_ms() >= next) {
			n = snprintf(buf, sizeof(buf), "itcast %u\n", tick++);
			group_send(fd, &group, buf, (size_t)n);
			next = now_ms() + period; /* ticks that were missed are left out */
		}
	}
	close(fd);
	return server_end();
}
