/*
 * UDP, a client: connect sends nothing, it only tells the kernel who the peer is. From then on the
 * kernel drops the datagrams of others, and reports "port unreachable" as ECONNREFUSED. Each line
 * goes out as one datagram, with its newline; only a time-out shows that an answer was lost.
 * Try: type lines; stop the server, type; kill -STOP the server, type, kill -CONT it, type.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udp/buffer.h"
#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

#define LARGEST 65507 /* bytes: IP has room for 65,535, of which 20 are its header and 8 UDP's */

/*
 * Sends the N bytes of LINE, upper-cases LINE, and waits until the same bytes come back. Returns 1
 * when they do, 0 when they do not come in time, -1 with errno on errors, such as ECONNREFUSED.
 */
static int ask(int fd, char *line, size_t n)
{
	struct pollfd set = {.fd = fd, .events = POLLIN};
	char buf[LARGEST];
	bool reported = false;

	/* Twice: the first may send nothing and only report an error of an earlier line. */
	if (send(fd, line, n, 0) == -1 && send(fd, line, n, 0) == -1)
		return -1;
	upper(line, n);
	int64_t end = now_ms() + (int64_t)(opt.timeout * 1000), rest;
	while ((rest = end - now_ms()) > 0) {
		if (poll(&set, 1, (int)rest) == -1 && errno != EINTR)
			return -1;
		/* Don't block: poll also returns when the time is over. */
		ssize_t back = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (back == -1 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (back == (ssize_t)n && memcmp(buf, line, n) == 0)
			return 1;
		if (back >= 0 && !reported) {
			message("a late or wrong answer of %zd bytes", back);
			reported = true;
		}
	}
	return 0;
}

int main(int argc, char *argv[])
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	char line[LARGEST + 2]; /* + 1 to notice a line that is too long, + 1 for the NUL */
	int status = EXIT_SUCCESS;
	ssize_t n;

	options(argc, argv, "[-t SECONDS=1] [-B BYTES] [HOST=127.0.0.1 [PORT=9527]]");
	addr.sin_port = htons(opt.port);
	if (inet_pton(AF_INET, opt.host, &addr.sin_addr) != 1)
		message_exit("'%s' is not a dotted IPv4 address", opt.host);

	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1)
		perr_exit("socket");
	int rcvbuf = set_buffer(fd, SO_RCVBUF), sndbuf = set_buffer(fd, SO_SNDBUF);
	if (opt.buffer_bytes > 0)
		fprintf(stderr, "granted: SO_RCVBUF %d, SO_SNDBUF %d bytes\n", rcvbuf, sndbuf);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		perr_exit("connect %s:%u", opt.host, opt.port);
	check_peer(fd); /* without a server, a client can connect to itself */

	while ((n = Readline(STDIN_FILENO, line, sizeof(line))) > 0) {
		if (n > LARGEST)
			message_exit("a line is longer than a datagram, %d bytes", LARGEST);
		int answered = ask(fd, line, (size_t)n);
		if (answered == -1)
			complain("%s:%u", opt.host, opt.port);
		else if (answered == 0)
			message("no reply from %s:%u in %g s", opt.host, opt.port, opt.timeout);
		else if (Writen(STDOUT_FILENO, line, (size_t)n) == -1)
			perr_exit("write stdout");
		if (answered != 1)
			status = EXIT_FAILURE; /* but go on: the next line may do better */
	}
	if (n == -1)
		perr_exit("read stdin");
	close(fd);
	return status;
}
