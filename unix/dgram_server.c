/*
 * AF_UNIX datagrams: udp/server's recvfrom and sendto on another address family. A sender that has
 * bound no path cannot be answered. Nothing is lost on the way; a receiver that doesn't read is
 * full after some ten datagrams and blocks who sends to it, so this server doesn't wait for it.
 * Try: unix/dgram_client, ls -l beside it; kill -STOP the server, type twelve lines, kill -CONT.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unix/path.h"
#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

static char buf[256 * 1024]; /* more than a sender's SO_SNDBUF lets out, unless it has raised it */

/* Why the N bytes from PEER can't be answered; NULL: they can. */
static const char *unanswerable(const struct sockaddr_un *peer, socklen_t len, ssize_t n)
{
	if ((size_t)n > sizeof(buf))
		return "longer than the buffer";
	if (len <= offsetof(struct sockaddr_un, sun_path))
		return "no path";
	/* Someone may have led its path here: what goes to ourselves would go round for ever. */
	if (strncmp(peer->sun_path, opt.path, sizeof(peer->sun_path)) == 0)
		return "the server's own path";
	return NULL;
}

int main(int argc, char *argv[])
{
	struct sockaddr_un peer = {.sun_family = AF_UNIX};
	char who[ADDRESS_TEXT];

	options(argc, argv, "[-v|-q] [PATH=srv.socket]");
	int fd = Socket(AF_UNIX, SOCK_DGRAM, 0);
	path_bind(fd, opt.path);
	server_ready(fd);

	while (!stopping()) {
		socklen_t len = sizeof(peer);
		/* MSG_TRUNC: the datagram's own length, though its end may have been cut off. */
		ssize_t n =
		    recvfrom(fd, buf, sizeof(buf), MSG_TRUNC, (struct sockaddr *)&peer, &len);
		if (stopping())
			break;
		if (n == -1) {
			shortage("recvfrom");
			continue;
		}
		if (len > sizeof(peer)) /* a path of 108 bytes: the kernel counts its NUL too */
			len = sizeof(peer);
		address_text((struct sockaddr *)&peer, len, who);
		log_line("client %s sent %zd bytes\n", who, n);
		const char *why = unanswerable(&peer, len, n);
		if (why != NULL) {
			log_line("client %s is not answered: %s\n", who, why);
			continue;
		}
		log_data(who, buf, (size_t)n);
		upper(buf, (size_t)n);
		/* The receiver may be full, or gone: that costs this datagram and no more. */
		if (sendto(fd, buf, (size_t)n, MSG_DONTWAIT, (struct sockaddr *)&peer, len) == -1)
			complain("sendto %s", who);
	}
	path_close(fd);
	return server_end();
}
