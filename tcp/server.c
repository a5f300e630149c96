/*
 * TCP, the bare calls: socket, bind, listen, accept, then read, upper-case and write until the
 * client ends. It serves one client at a time: a second one can connect, because the kernel queues
 * it, but has to wait.
 * Try: two clients at once; kill this server while a client is open and start it again at once.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/error.h"
#include "wrap/log.h"
#include "wrap/options.h"
#include "wrap/server.h"

/* Echoes what comes on CFD until the client ends. WHO is its address, for the log. */
static void echo(int cfd, const char *who)
{
	char buf[BUFSIZ];
	uint64_t bytes = 0;
	ssize_t n;

	for (;;) {
		n = read(cfd, buf, sizeof(buf));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) /* 0: end of file; -1: an error, never a length */
			break;
		bytes += (size_t)n;
		log_data(who, buf, (size_t)n);
		upper(buf, (size_t)n);
		for (ssize_t done = 0; done < n;) { /* write may accept less than it is given */
			/* It fails with EPIPE if the peer is gone: options() ignores SIGPIPE. */
			ssize_t written = write(cfd, buf + done, (size_t)(n - done));
			if (written == -1 && errno != EINTR) {
				log_gone(who, bytes, true); /* true: cut off by an error */
				return;
			}
			if (written > 0)
				done += written;
		}
	}
	log_gone(who, bytes, n == -1);
}

int main(int argc, char *argv[])
{
	struct sockaddr_in addr = {.sin_family = AF_INET}, peer;
	int on = 1;

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=9527]");
	addr.sin_port = htons(opt.port); /* in network byte order, as the address is too */
	if (inet_pton(AF_INET, opt.host, &addr.sin_addr) != 1)
		message_exit("'%s' is not a dotted IPv4 address", opt.host);

	int lfd = socket(AF_INET, SOCK_STREAM, 0);
	if (lfd == -1)
		perr_exit("socket");
	/* Without it a restart fails while old connections, often in TIME_WAIT, hold the port. */
	if (setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		perr_exit("setsockopt SO_REUSEADDR");
	/* Without it a second small write waits up to 40 ms for an ACK; cfd inherits it. */
	if (setsockopt(lfd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
		perr_exit("setsockopt TCP_NODELAY");
	if (bind(lfd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		perr_exit("bind %s:%u", opt.host, opt.port);
	if (listen(lfd, 128) == -1)
		perr_exit("listen");
	server_ready(lfd); /* from here on Ctrl-C shuts lfd down: accept fails, the loop ends */

	while (!stopping()) {
		socklen_t len = sizeof(peer);
		int cfd = accept(lfd, (struct sockaddr *)&peer, &len);
		if (cfd == -1) {
			if (errno != EINTR && errno != ECONNABORTED)
				retry_later("accept"); /* no descriptors left: waits 100 ms */
			continue;
		}
		char ip[INET_ADDRSTRLEN], who[INET_ADDRSTRLEN + sizeof(":65535")];
		inet_ntop(AF_INET, &peer.sin_addr, ip, sizeof(ip));
		snprintf(who, sizeof(who), "%s:%u", ip, ntohs(peer.sin_port));
		log_connected(who);
		stop_also_shuts(cfd); /* Ctrl-C ends a read from this client, too */
		echo(cfd, who);
		stop_also_shuts(-1); /* forget cfd: its number may be used again */
		close(cfd);
	}
	close(lfd);
	return server_end();
}
