/*
 * UDP, the bare calls: socket, bind, then recvfrom and sendto. No connection and no accept: one
 * socket for all clients, each datagram comes whole and with its sender's address.
 * Try: two clients at once; kill this server with clients open and start it again; -B 2000.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udp/buffer.h"
#include "wrap/echo.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

int main(int argc, char *argv[])
{
	struct sockaddr_in addr = {.sin_family = AF_INET}, peer;
	socklen_t len = sizeof(addr);
	char buf[65536]; /* no datagram is larger: with a smaller one its end would be cut off */

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-B BYTES] [PORT=9527]");
	addr.sin_port = htons(opt.port);
	if (inet_pton(AF_INET, opt.host, &addr.sin_addr) != 1) {
		errno = EINVAL;
		perr_exit(opt.host);
	}

	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1)
		perr_exit("socket");
	int receives = buffer(fd, SO_RCVBUF), sends = buffer(fd, SO_SNDBUF);
	/* No SO_REUSEADDR: with it a second server could bind this port and would take it over. */
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		perr_exit_address("bind", (struct sockaddr *)&addr, sizeof(addr));
	if (getsockname(fd, (struct sockaddr *)&addr, &len) == -1) /* the port, if it was 0 */
		perr_exit("getsockname");
	server_ready(fd);
	if (opt.bytes > 0)
		log_line("granted: SO_RCVBUF %d, SO_SNDBUF %d bytes\n", receives, sends);

	while (!stopping()) {
		len = sizeof(peer);
		ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&peer, &len);
		if (n == -1 && errno != EINTR)
			shortage("recvfrom");
		if (n == -1 || len == 0) /* no sender: shut down; an empty datagram has one */
			continue;
		char ip[INET_ADDRSTRLEN], who[INET_ADDRSTRLEN + sizeof(":65535")];
		inet_ntop(AF_INET, &peer.sin_addr, ip, sizeof(ip));
		snprintf(who, sizeof(who), "%s:%u", ip, ntohs(peer.sin_port));
		log_line("client %s sent %zd bytes\n", who, n);
		log_data(who, buf, (size_t)n);
		/* Nobody has port 0, and what goes to ourselves would go round for ever. */
		bool ours = peer.sin_port == addr.sin_port &&
			    (peer.sin_addr.s_addr == addr.sin_addr.s_addr ||
			     addr.sin_addr.s_addr == htonl(INADDR_ANY));
		if (peer.sin_port == 0 || ours) {
			log_line("client %s is not answered\n", who);
			continue;
		}
		upper(buf, (size_t)n);
		/* Not waiting: an address where nobody is would hold up the others. */
		if (sendto(fd, buf, (size_t)n, MSG_DONTWAIT, (struct sockaddr *)&peer, len) == -1)
			complain("sendto %s", who);
	}
	close(fd);
	return server_end();
}
