/*
 * The smallest client: it sends "hello" ten times and prints each reply. TCP keeps no boundaries
 * between messages, so it reads as many bytes as it has sent, however many reads that takes.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/wrap.h"

#define ROUNDS 10

int main(int argc, char *argv[])
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	const char hello[] = "hello\n", reply[] = "HELLO\n";
	const size_t len = strlen(hello);
	char buf[sizeof(hello)];
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

	for (int i = 0; i < ROUNDS; i++) {
		if (Writen(fd, hello, len) == -1)
			perr_exit("write to the server");
		ssize_t n = Readn(fd, buf, len);
		if (n == -1)
			perr_exit("read from the server");
		if (Writen(STDOUT_FILENO, buf, (size_t)n) == -1)
			perr_exit("write stdout");
		if ((size_t)n < len)
			message_exit("the server closed early");
		if (memcmp(buf, reply, len) != 0)
			message_exit("that is not hello upper-cased");
	}
	close(fd);
	return EXIT_SUCCESS;
}
