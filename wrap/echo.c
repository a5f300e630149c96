/*
 * The blocking echo: read, upper-case, write. A process or thread that does this for one client can
 * afford to wait in each call. wrap/client.c is the same for servers that cannot.
 */
#include "wrap/echo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wrap/log.h"
#include "wrap/server.h"
#include "wrap/text.h"
#include "wrap/wrap.h"

#define BUFFER_BYTES 65536 /* on the stack: threads must have more than that */

/* One loop without a branch, in a function of its own, so that the compiler can vectorise it. */
void upper(char *buf, size_t n)
{
	/* 'a' and 'A' differ in one bit only: it is flipped in the letters a-z. */
	for (size_t i = 0; i < n; i++)
		buf[i] = (char)(buf[i] ^ (((unsigned char)(buf[i] - 'a') < 26) << 5));
}

struct client *try_accept(int lfd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char who[ADDRESS_TEXT];
	int cfd = Accept(lfd, (struct sockaddr *)&sa, &len);

	if (cfd == -1)
		return NULL;
	address_text((struct sockaddr *)&sa, len, who);
	struct client *c = malloc(sizeof(*c) + strlen(who) + 1);
	if (c == NULL) {
		Close(cfd);
		return NULL;
	}
	*c = (struct client){.fd = cfd};
	strcpy(c->who, who);
	return c;
}

struct client *accept_client(int lfd)
{
	while (!stopping()) {
		struct client *c = try_accept(lfd);
		if (c != NULL)
			return c;
		if (errno == EINVAL && !stopping()) /* somebody else has shut the socket down */
			perr_exit("accept");
		retry_later("accept");
	}
	return NULL;
}

void echo_client(struct client *c)
{
	char buf[BUFFER_BYTES];
	ssize_t n;

	log_connected(c->who);
	while ((n = Read(c->fd, buf, sizeof(buf))) > 0) {
		c->bytes += (size_t)n;
		log_data(c->who, buf, (size_t)n);
		upper(buf, (size_t)n);
		n = Writen(c->fd, buf, (size_t)n);
		if (n == -1)
			break;
	}
	log_gone(c->who, c->bytes, n == -1);
}
