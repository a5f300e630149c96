/*
 * Broadcast: a line comes by unicast and goes, upper-cased, to all who listen: one sendto, and
 * every host of the subnet hears it on the listeners' port (-p), each listener there its own copy.
 * SO_BROADCAST says that this is meant. Try: two broadcast_clients; take SO_BROADCAST away.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udp/group.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

int main(int argc, char *argv[])
{
	char buf[65536];
	int on = 1;

	options(argc, argv,
		"[-v|-q] [-a ADDR=127.0.0.1] [-b ADDR=127.255.255.255] [-p PORT=9000] [PORT=9528]");
	struct sockaddr_in addr = address(opt.host, opt.port);
	struct sockaddr_in everyone = address(opt.broadcast, opt.listeners);
	socklen_t len = sizeof(addr);
	group_check(&addr, &everyone);
	if (on_loopback(&addr) && !on_loopback(&everyone)) { /* else every sendto says so */
		errno = EINVAL;
		complain("-b %s leaves the loopback, -a %s does not", opt.broadcast, opt.host);
		return EXIT_FAILURE;
	}

	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1)
		perr_exit("socket");
	/* Else sendto says EACCES: a mistyped address shall not reach everyone. */
	if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) == -1)
		perr_exit("setsockopt SO_BROADCAST");
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		perr_exit_address("bind", (struct sockaddr *)&addr, sizeof(addr));
	if (getsockname(fd, (struct sockaddr *)&addr, &len) == -1) /* the port, if it was 0 */
		perr_exit("getsockname");
	server_ready(fd);

	while (!stopping()) {
		ssize_t n = group_receive(fd, &addr, buf, sizeof(buf), 0);
		if (n >= 0 && sendto(fd, buf, (size_t)n, MSG_DONTWAIT, (struct sockaddr *)&everyone,
				     sizeof(everyone)) == -1)
			complain("sendto %s:%u", opt.broadcast, opt.listeners);
	}
	close(fd);
	return server_end();
}
