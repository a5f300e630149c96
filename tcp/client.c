/*
 * TCP, the bare calls of a client: socket, connect, then stop-and-wait: it sends what one read of
 * stdin gave and reads as many bytes back before the next. At end of input it half-closes, then
 * reads until the server closes.
 * Try: type lines; Ctrl-D; Ctrl-C in the server while you type.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wrap/flow.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/wrap.h"

int main(int argc, char *argv[])
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	char buf[BUFSIZ];
	uint64_t sent = 0, received = 0;
	ssize_t n;
	int on = 1;

	options(argc, argv, "[HOST=127.0.0.1 [PORT=9527]]");
	addr.sin_port = htons(opt.port);
	if (inet_pton(AF_INET, opt.host, &addr.sin_addr) != 1)
		message_exit("'%s' is not a dotted IPv4 address", opt.host);

	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd == -1)
		perr_exit("socket");
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
		perr_exit("setsockopt TCP_NODELAY");
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		perr_exit("connect %s:%u", opt.host, opt.port);
	check_peer(fd); /* without a server, a client can connect to itself */

	while ((n = Read(STDIN_FILENO, buf, sizeof(buf))) > 0) {
		if (Writen(fd, buf, (size_t)n) == -1)
			perr_exit("write to the server");
		sent += (size_t)n;
		/* One read may bring less than was sent: a stream keeps no message boundaries. */
		ssize_t back = Readn(fd, buf, (size_t)n);
		if (back == -1)
			perr_exit("read from the server");
		if (Writen(STDOUT_FILENO, buf, (size_t)back) == -1)
			perr_exit("write stdout");
		received += (size_t)back;
		if (back < n)
			return client_status(false, sent, received); /* false: input may be left */
	}
	if (n == -1)
		perr_exit("read stdin");
	shutdown(fd, SHUT_WR); /* half-close: the server reads 0 and closes, then we do, too */
	while ((n = Read(fd, buf, sizeof(buf))) > 0)
		received += (size_t)n; /* everything is back already: more would be wrong */
	if (n == -1)
		perr_exit("read from the server");
	close(fd);
	return client_status(true, sent, received);
}
