/*
 * A listener of broadcast_server, which may also speak: what is typed goes there, a datagram a
 * line, and what the server broadcasts is printed. Two sockets: one is bound to the listeners' port
 * (-p), which it shares with the others on this host; the other is connected to the server. Try:
 * several at once; one without SO_REUSEADDR; -n 3 < /dev/null.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udp/group.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

int main(int argc, char *argv[])
{
	int on = 1;

	options(argc, argv, "[-p PORT=9000] [-n N] [HOST=127.0.0.1 [PORT=9528]]");
	/* All addresses: a socket bound to one of them does not hear what is sent to another. */
	struct sockaddr_in own = address("0.0.0.0", opt.listeners);
	struct sockaddr_in server = address(opt.host, opt.port);

	int lfd = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (lfd == -1 || fd == -1)
		perr_exit("socket");
	/* Listeners of one host share the port: each of them gets its copy of a broadcast. */
	if (setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		perr_exit("setsockopt SO_REUSEADDR");
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) == -1)
		perr_exit_address("connect", (struct sockaddr *)&server, sizeof(server));
	if (bind(lfd, (struct sockaddr *)&own, sizeof(own)) == -1)
		perr_exit_address("bind", (struct sockaddr *)&own, sizeof(own));

	int status = group_client(lfd, fd);
	close(lfd);
	close(fd);
	return status;
}
