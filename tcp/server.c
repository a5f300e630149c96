/*
 * TCP, the bare calls: socket, bind, listen, accept, then read, upper-case and write until the
 * client ends. One client at a time: a second one can connect, for the kernel queues it, but waits.
 * Try: two clients at once; kill this server with a client open and start it again at once.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

/* Serves the client on CFD until it ends; returns 0, or errno when it was cut off. */
static int echo(int cfd, const char *who, uint64_t *bytes)
{
	char buf[BUFSIZ];

	for (;;) {
		ssize_t n = read(cfd, buf, sizeof(buf));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) /* 0: the client has ended its side; -1 is an error and no length */
			return n == 0 ? 0 : errno;
		log_data(who, buf, (size_t)n);
		*bytes += (size_t)n;
		upper(buf, (size_t)n);
		for (ssize_t done = 0; done < n;) { /* write may take less than it is given */
			/* To a peer that is gone: EPIPE. options() has SIGPIPE ignored. */
			ssize_t sent = write(cfd, buf + done, (size_t)(n - done));
			if (sent == -1 && errno != EINTR)
				return errno;
			if (sent > 0)
				done += sent;
		}
	}
}

int main(int argc, char *argv[])
{
	struct sockaddr_in addr = {.sin_family = AF_INET}, peer;
	int on = 1;

	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=9527]");
	addr.sin_port = htons(opt.port);
	if (inet_pton(AF_INET, opt.host, &addr.sin_addr) != 1) {
		errno = EINVAL;
		perr_exit(opt.host);
	}

	int lfd = socket(AF_INET, SOCK_STREAM, 0);
	if (lfd == -1)
		perr_exit("socket");
	/* Else a restart fails: old connections, often in TIME_WAIT, hold the port for a minute. */
	if (setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		perr_exit("setsockopt SO_REUSEADDR");
	/* Else an answer in two pieces waits 40 ms for a delayed ACK; cfd inherits it. */
	if (setsockopt(lfd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
		perr_exit("setsockopt TCP_NODELAY");
	if (bind(lfd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		perr_exit_address("bind", (struct sockaddr *)&addr, sizeof(addr));
	if (listen(lfd, 128) == -1)
		perr_exit("listen");
	server_ready(lfd); /* from here Ctrl-C shuts lfd down: accept fails, the loop ends */

	while (!stopping()) {
		socklen_t len = sizeof(peer);
		int cfd = accept(lfd, (struct sockaddr *)&peer, &len);
		if (cfd == -1) {
			if (errno != EINTR && errno != ECONNABORTED)
				shortage("accept"); /* says so and waits 100 ms */
			continue;
		}
		char ip[INET_ADDRSTRLEN], who[INET_ADDRSTRLEN + sizeof(":65535")];
		inet_ntop(AF_INET, &peer.sin_addr, ip, sizeof(ip));
		snprintf(who, sizeof(who), "%s:%u", ip, ntohs(peer.sin_port));
		stop_shuts(cfd); /* Ctrl-C ends this client too */
		log_connected(who);
		uint64_t bytes = 0;
		int err = echo(cfd, who, &bytes);
		log_gone(who, bytes, err);
		stop_shuts(-1);
		close(cfd);
	}
	close(lfd);
	return server_end();
}
