/*
 * Multicast: a line comes by unicast and goes, upper-cased, to the members of a group (-g) behind
 * one interface (-i), on their port (-p): those who joined it hear it, all others are spared. The
 * server itself need not join. With -s SECONDS it also sends a numbered tick.
 * Try: two clients and -s 1; a client with another -g; tcpdump -ni lo port 9000.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udp/group.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

int main(int argc, char *argv[])
{
	struct ip_mreqn out = {0};
	int ttl = 1, loop = 1;
	unsigned tick = 0;
	char buf[65536];

	options(argc, argv,
		"[-v|-q] [-a ADDR=127.0.0.1] [-g GROUP=239.0.0.2] [-i IFACE=lo] [-p PORT=9000] "
		"[-s SECONDS] [PORT=8000]");
	struct sockaddr_in addr = address(opt.host, opt.port);
	struct sockaddr_in group = address(opt.group, opt.listeners);
	socklen_t len = sizeof(addr);
	group_check(&addr, &group);
	out.imr_ifindex = (int)if_nametoindex(opt.interface);
	if (out.imr_ifindex == 0)
		perr_exit(opt.interface);
	errno = EINVAL;
	if (!IN_MULTICAST(ntohl(group.sin_addr.s_addr)))
		perr_exit(opt.group);
	if (on_loopback(&addr) && strcmp(opt.interface, "lo") != 0) { /* else every sendto fails */
		complain("-i %s leaves the loopback, -a %s does not", opt.interface, opt.host);
		return EXIT_FAILURE;
	}

	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1)
		perr_exit("socket");
	/* Where datagrams to a group go out, through no router, and to this host's members too. */
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out)) == -1)
		perr_exit("setsockopt IP_MULTICAST_IF");
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl)) == -1)
		perr_exit("setsockopt IP_MULTICAST_TTL");
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, sizeof(loop)) == -1)
		perr_exit("setsockopt IP_MULTICAST_LOOP");
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		perr_exit_address("bind", (struct sockaddr *)&addr, sizeof(addr));
	if (getsockname(fd, (struct sockaddr *)&addr, &len) == -1) /* the port, if it was 0 */
		perr_exit("getsockname");
	server_ready(fd);

	struct pollfd set = {.fd = fd, .events = POLLIN};
	int64_t period = (int64_t)(opt.period * 1000), next = now_ms() + period;
	while (!stopping()) {
		int64_t rest = next - now_ms();
		ssize_t n;
		if (period > 0 && rest <= 0) {
			next = now_ms() + period; /* those missed are not made up for */
			n = snprintf(buf, sizeof(buf), "itcast %u\n", tick++);
		} else {
			if (poll(&set, 1, period > 0 ? (int)rest : -1) == -1 && errno != EINTR)
				shortage("poll");
			n = group_receive(fd, &addr, buf, sizeof(buf), MSG_DONTWAIT);
		}
		if (n >= 0 && sendto(fd, buf, (size_t)n, MSG_DONTWAIT, (struct sockaddr *)&group,
				     sizeof(group)) == -1)
			complain("sendto %s:%u", opt.group, opt.listeners);
	}
	close(fd);
	return server_end();
}
