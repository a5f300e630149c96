/*
 * A member of the group (-g) on one interface (-i): it joins with IP_ADD_MEMBERSHIP, so that the
 * kernel takes the group's datagrams from the network, and prints them. Each line typed goes to the
 * server as a datagram. It is bound to the group's address, so that it does not get what is sent to
 * the host alone.
 * Try: several at once; cat /proc/net/igmp; another -g; bind to 0.0.0.0 and leave out
 * IP_MULTICAST_ALL.
 */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udp/group.h"
#include "wrap/error.h"
#include "wrap/net.h"
#include "wrap/options.h"

int main(int argc, char *argv[])
{
	struct ip_mreqn membership = {0};
	int on = 1, off = 0;

	options(argc, argv,
		"[-g GROUP=239.0.0.2] [-i IFACE] [-p PORT=9000] [-n N] "
		"[HOST=127.0.0.1 [PORT=8000]]");
	struct sockaddr_in group = address(opt.group, opt.listeners_port);
	struct sockaddr_in server = address(opt.host, opt.port);
	membership.imr_multiaddr = group.sin_addr;
	membership.imr_ifindex = group_interface(&server);

	int lfd = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (lfd == -1 || fd == -1)
		perr_exit("socket");
	/* Members on one host share the port: each gets its own copy. */
	if (setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		perr_exit("setsockopt SO_REUSEADDR");
	/* Off, or datagrams also come from interfaces on which only others have joined. ip(7) */
	if (setsockopt(lfd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off)) == -1)
		perr_exit("setsockopt IP_MULTICAST_ALL");
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) == -1)
		perr_exit("connect %s:%u", opt.host, opt.port);
	check_peer(fd); /* without a server, a client can connect to itself */
	if (bind(lfd, (struct sockaddr *)&group, sizeof(group)) == -1)
		perr_exit("bind %s:%u", opt.group, opt.listeners_port);
	if (setsockopt(lfd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof(membership)) == -1)
		perr_exit("join %s", opt.group);

	int status = group_client(lfd, fd);
	/* Closing the socket does this, too. */
	if (setsockopt(lfd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &membership, sizeof(membership)) == -1)
		perr_exit("setsockopt IP_DROP_MEMBERSHIP");
	close(lfd);
	close(fd);
	return status;
}
