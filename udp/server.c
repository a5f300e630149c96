/*
 * UDP, the bare calls: socket, bind, then recvfrom and sendto. There is no connection and no
 * accept: one socket for all clients, and each datagram comes whole, with its sender's address.
 * Try: two clients at once; kill this server while clients are open and start it again; -B 2000.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udp/buffer.h"
#include "wrap/echo.h"
#include "wrap/error.h"
#include "wrap/log.h"
#include "wrap/options.h"
#include "wrap/server.h"

int main(int argc, char *argv[])
{
	struct sockaddr_in addr = {.sin_family = AF_INET}, peer;
	socklen_t len = sizeof(addr);
	char buf[65536]; /* no datagram is larger; a smaller buffer would cut its end off */

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [-B BYTES] [PORT=9527]");
	addr.sin_port = htons(opt.port);
	if (inet_pton(AF_INET, opt.host, &addr.sin_addr) != 1)
		message_exit("'%s' is not a dotted IPv4 address", opt.host);

	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1)
		perr_exit("socket");
	int rcvbuf = set_buffer(fd, SO_RCVBUF), sndbuf = set_buffer(fd, SO_SNDBUF);
	/* No SO_REUSEADDR: with it a second server could bind this port and would take it over. */
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		perr_exit("bind %s:%u", opt.host, opt.port);
	if (getsockname(fd, (struct sockaddr *)&addr, &len) == -1) /* learn the port if it was 0 */
		perr_exit("getsockname");
	server_ready(fd);
	if (opt.buffer_bytes > 0)
		log_line("granted: SO_RCVBUF %d, SO_SNDBUF %d bytes", rcvbuf, sndbuf);

	while (!stopping()) {
		len = sizeof(peer);
		ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&peer, &len);
		if (n == -1 && errno != EINTR)
			retry_later("recvfrom");
		if (n == -1 || len == 0) /* len 0: no sender, so it is a stop, not a datagram */
			continue;
		char ip[INET_ADDRSTRLEN], who[INET_ADDRSTRLEN + sizeof(":65535")];
		inet_ntop(AF_INET, &peer.sin_addr, ip, sizeof(ip));
		snprintf(who, sizeof(who), "%s:%u", ip, ntohs(peer.sin_port));
		log_line("client %s sent %zd bytes", who, n);
		log_data(who, buf, (size_t)n);
		/* Nobody has port 0, and an answer to ourselves would be our next question. With
		 * -a 0.0.0.0 any address may be ours, so only the ports are compared. */
		bool ours = peer.sin_port == addr.sin_port &&
			    (peer.sin_addr.s_addr == addr.sin_addr.s_addr ||
			     addr.sin_addr.s_addr == htonl(INADDR_ANY));
		if (peer.sin_port == 0 || ours) {
			log_line("client %s is not answered", who);
			continue;
		}
		upper(buf, (size_t)n);
		/* Don't block: one unreachable peer must not delay the others. */
		if (sendto(fd, buf, (size_t)n, MSG_DONTWAIT, (struct sockaddr *)&peer, len) == -1)
			complain("sendto %s", who);
	}
	close(fd);
	return server_end();
}
