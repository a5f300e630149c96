/*
 * UDP, a client: connect sends nothing, it only tells the kernel who the peer is. From then on
 * others' datagrams are dropped, and "port unreachable" comes back as ECONNREFUSED. One datagram
 * a line, newline and all; whether an answer was lost, only a time-out tells.
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
#include "wrap/run.h"
#include "wrap/wrap.h"

#define LARGEST 65507 /* bytes: IP has room for 65,535, of which 20 are its header and 8 UDP's */

/*
 * Sends the N bytes of LINE and waits for them to come back upper-cased, as LINE is then too.
 * Returns 0, or -1 with errno: ECONNREFUSED, or ETIMEDOUT when nothing came.
 */
static int ask(int fd, char *line, size_t n)
{
	struct pollfd set = {.fd = fd, .events = POLLIN};
	char buf[LARGEST];
	bool said = false;

	/* Again: the first may, in place of sending, tell an earlier line's error. */
	if (send(fd, line, n, 0) == -1 && send(fd, line, n, 0) == -1)
		return -1;
	upper(line, n);
	int64_t end = now_ms() + (int64_t)(opt.timeout * 1000), rest;
	while ((rest = end - now_ms()) > 0) {
		if (poll(&set, 1, (int)rest) == -1 && errno != EINTR)
			return -1;
		/* Not waiting: what poll saw may turn out to be damaged, and is dropped. */
		ssize_t back = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (back == -1 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (back == (ssize_t)n && memcmp(buf, line, n) == 0)
			return 0;
		if (back >= 0 && !said) {
			errno = 0;
			complain("a late or foreign datagram of %zd bytes", back);
			said = true;
		}
	}
	errno = ETIMEDOUT;
	return -1;
}

int main(int argc, char *argv[])
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	char line[LARGEST + 2]; /* a byte too many would show, and Readline adds a NUL */
	int status = EXIT_SUCCESS;
	ssize_t n;

	options(argc, argv, "[-t SECONDS=1] [-B BYTES] [HOST=127.0.0.1 [PORT=9527]]");
	addr.sin_port = htons(opt.port);
	if (inet_pton(AF_INET, opt.host, &addr.sin_addr) != 1) {
		errno = EINVAL;
		perr_exit(opt.host);
	}

	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1)
		perr_exit("socket");
	int receives = buffer(fd, SO_RCVBUF), sends = buffer(fd, SO_SNDBUF);
	if (opt.bytes > 0)
		fprintf(stderr, "granted: SO_RCVBUF %d, SO_SNDBUF %d bytes\n", receives, sends);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		perr_exit_address("connect", (struct sockaddr *)&addr, sizeof(addr));

	while ((n = Readline(STDIN_FILENO, line, sizeof(line))) > 0) {
		if (n > LARGEST) {
			errno = EMSGSIZE;
			perr_exit("a line");
		}
		if (ask(fd, line, (size_t)n) == -1) {
			complain(errno == ETIMEDOUT ? "no reply from %s:%u" : "%s:%u", opt.host,
				 opt.port);
			status = EXIT_FAILURE; /* but the next line may do better */
		} else if (Writen(STDOUT_FILENO, line, (size_t)n) == -1) {
			perr_exit("write stdout");
		}
	}
	if (n == -1)
		perr_exit("read stdin");
	close(fd);
	return status;
}
