/*
 * AF_UNIX datagrams: udp/server's recvfrom and sendto on another address family. A sender that has
 * bound no path cannot be answered. Nothing is lost on the way; but a receiver that does not read
 * is full after some ten datagrams and blocks its sender, so this server sends without waiting.
 * Try: unix/dgram_client, ls -l in another terminal; kill -STOP the server, type twelve lines, kill
 * -CONT.
 */
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unix/path.h"
#include "wrap/echo.h"
#include "wrap/log.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/text.h"
#include "wrap/wrap.h"

static char buf[256 * 1024]; /* more than a sender's SO_SNDBUF allows, unless it was raised */

/* Returns why the N bytes from PEER cannot be answered, or NULL when they can. */
static const char *unanswerable(const struct sockaddr_un *peer, socklen_t len, ssize_t n)
{
	if ((size_t)n > sizeof(buf))
		return "longer than the buffer";
	if (len <= offsetof(struct sockaddr_un, sun_path))
		return "no path";
	/* A client's path may lead back here: the server would answer itself for ever. */
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
		/* MSG_TRUNC: returns the datagram's own length, even if it did not fit. */
		ssize_t n =
		    recvfrom(fd, buf, sizeof(buf), MSG_TRUNC, (struct sockaddr *)&peer, &len);
		if (stopping())
			break;
		if (n == -1) {
			retry_later("recvfrom");
			continue;
		}
		if (len > sizeof(peer)) /* for a path of 108 bytes the kernel counts a NUL, too */
			len = sizeof(peer);
		address_text((struct sockaddr *)&peer, len, who);
		log_line("client %s sent %zd bytes", who, n);
		const char *why = unanswerable(&peer, len, n);
		if (why != NULL) {
			log_line("client %s is not answered: %s", who, why);
			continue;
		}
		log_data(who, buf, (size_t)n);
		upper(buf, (size_t)n);
		/* Don't block: a receiver may be full, or gone; that costs this datagram only. */
		if (sendto(fd, buf, (size_t)n, MSG_DONTWAIT, (struct sockaddr *)&peer, len) == -1)
			complain("sendto %s", who);
	}
	path_close(fd);
	return server_end();
}
