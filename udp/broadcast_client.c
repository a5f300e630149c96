/*
 * A listener of broadcast_server that may also speak: each line typed goes to the server as a
 * datagram, and what the server broadcasts is printed. It has two sockets: one is bound to the
 * listeners' port (-p), which it shares with the others on this host; the other is connected to the
 * server.
 * Try: several at once; one without SO_REUSEADDR; -n 3 < /dev/null.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "udp/group.h"
#include "wrap/error.h"
#include "wrap/net.h"
#include "wrap/options.h"

int main(int argc, char *argv[])
{
	int on = 1;

	options(argc, argv, "[-p PORT=9000] [-n N] [HOST=127.0.0.1 [PORT=9528]]");
	/* Bind to all addresses: a socket that is bound to one of them gets no broadcasts. */
	struct sockaddr_in own = address("0.0.0.0", opt.listeners_port);
	struct sockaddr_in server = address(opt.host, opt.port);

	int lfd = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (lfd == -1 || fd == -1)
		perr_exit("socket");
	/* Listeners on one host share the port: each gets its own copy of a broadcast. */
	if (setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		perr_exit("setsockopt SO_REUSEADDR");
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) == -1)
		perr_exit("connect %s:%u", opt.host, opt.port);
	check_peer(fd); /* without a server, a client can connect to itself */
	if (bind(lfd, (struct sockaddr *)&own, sizeof(own)) == -1)
		perr_exit("bind 0.0.0.0:%u", opt.listeners_port);

	int status = group_client(lfd, fd);
	close(lfd);
	close(fd);
	return status;
}
