/*
 * Broadcast: a line comes by unicast and goes, upper-cased, to everyone. One sendto reaches every
 * host of the subnet, on the listeners' port (-p), and each listener there gets its own copy.
 * SO_BROADCAST tells the kernel that this is intended.
 * Try: two broadcast_clients; take SO_BROADCAST away.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "udp/group.h"
#include "wrap/error.h"
#include "wrap/options.h"
#include "wrap/server.h"

int main(int argc, char *argv[])
{
	char buf[65536];
	int on = 1;

	options(argc, argv,
		"[-v|-q] [-a ADDR=127.0.0.1] [-b ADDR=127.255.255.255] [-p PORT=9000] [PORT=9528]");
	struct sockaddr_in addr = address(opt.host, opt.port);
	struct sockaddr_in everyone = address(opt.broadcast, opt.listeners_port);
	socklen_t len = sizeof(addr);
	group_check(&addr, &everyone);
	if (on_loopback(&addr) && !on_loopback(&everyone)) /* every sendto would fail */
		message_exit("-b %s leaves the loopback, -a %s does not", opt.broadcast, opt.host);
	if (!on_loopback(&addr) && addr.sin_addr.s_addr != INADDR_ANY && on_loopback(&everyone))
		message_exit("-a %s needs -b, the broadcast address of its network", opt.host);
	check_broadcast(&everyone);

	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1)
		perr_exit("socket");
	/* Without it sendto fails with EACCES: a mistyped address must not reach everyone. */
	if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) == -1)
		perr_exit("setsockopt SO_BROADCAST");
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		perr_exit("bind %s:%u", opt.host, opt.port);
	if (getsockname(fd, (struct sockaddr *)&addr, &len) == -1) /* learn the port if it was 0 */
		perr_exit("getsockname");
	server_ready(fd);

	while (!stopping()) {
		ssize_t n = group_receive(fd, &addr, buf, sizeof(buf), FOREVER);
		if (n >= 0)
			group_send(fd, &everyone, buf, (size_t)n);
	}
	close(fd);
	return server_end();
}
