/*
 * A member of the group (-g) on one interface (-i): joins it with IP_ADD_MEMBERSHIP, so that the
 * kernel takes its datagrams from the network, and prints them. What is typed goes to the server,
 * a datagram a line. It is bound to the group's address: what goes to the host alone it won't hear.
 * Try: several at once; cat /proc/net/igmp; another -g; bind to 0.0.0.0 and leave out ALL.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udp/group.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

int main(int argc, char *argv[])
{
	struct ip_mreqn membership = {0};
	int on = 1, off = 0;

	options(argc, argv,
		"[-g GROUP=239.0.0.2] [-i IFACE=lo] [-p PORT=9000] [-n N] "
		"[HOST=127.0.0.1 [PORT=8000]]");
	struct sockaddr_in group = address(opt.group, opt.listeners);
	struct sockaddr_in server = address(opt.host, opt.port);
	membership.imr_multiaddr = group.sin_addr;
	membership.imr_ifindex = (int)if_nametoindex(opt.interface);
	if (membership.imr_ifindex == 0)
		perr_exit(opt.interface);

	int lfd = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (lfd == -1 || fd == -1)
		perr_exit("socket");
	/* Members on one host share the port: each of them gets its copy. */
	if (setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		perr_exit("setsockopt SO_REUSEADDR");
	/* Off: else it hears what any program here has joined, on any interface (ip(7)). */
	if (setsockopt(lfd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off)) == -1)
		perr_exit("setsockopt IP_MULTICAST_ALL");
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) == -1)
		perr_exit_address("connect", (struct sockaddr *)&server, sizeof(server));
	if (bind(lfd, (struct sockaddr *)&group, sizeof(group)) == -1)
		perr_exit_address("bind", (struct sockaddr *)&group, sizeof(group));
	if (setsockopt(lfd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof(membership)) == -1) {
		complain("join %s on %s", opt.group, opt.interface);
		return EXIT_FAILURE;
	}

	int status = group_client(lfd, fd);
	/* The kernel does this too when the last socket of the membership is closed. */
	if (setsockopt(lfd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &membership, sizeof(membership)) == -1)
		perr_exit("setsockopt IP_DROP_MEMBERSHIP");
	close(lfd);
	close(fd);
	return status;
}
