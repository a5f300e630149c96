/* For threadpool/client: a server whose echo of session 7 is wrong by one letter; one at a time. */
#include <string.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

int main(int argc, char *argv[])
{
	struct client *c;
	char buf[64];

	options(argc, argv, "");
	int lfd = tcp_listen("127.0.0.1", 0);
	server_ready(lfd);
	while ((c = client_wait(lfd)) != NULL) {
		ssize_t n = Readn(c->fd, buf, sizeof(buf));

		if (n > 0) {
			upper(buf, (size_t)n);
			if (n == 10 && memcmp(buf, "SESSION 7\n", 10) == 0)
				buf[0] = 's';
			if (Writen(c->fd, buf, (size_t)n) == -1)
				complain("write");
		}
		client_free(c);
	}
	Close(lfd);
	return server_end();
}
