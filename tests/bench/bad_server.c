/*
 * A server for the tests of the load generator: serves one client well up to the millionth byte,
 * and then does what -m says. With -m stay it says that it ends and does not, with -m linger it
 * closes stdout too.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/log.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

#define WRONG_AT 1000000

/* As -m names them. */
enum { WELL, CORRUPT, DROP, REORDER, REPEAT, MISCOUNT, HANG, DIE, STAY, LINGER };

/* Spoils the byte at BUF[AT] of N, as MODE says. Returns how many bytes there are now. */
static size_t spoil(int mode, char *buf, size_t n, size_t at)
{
	char byte = buf[at];

	switch (mode) {
	case CORRUPT: buf[at] ^= 1; break;
	case DROP: memmove(buf + at, buf + at + 1, --n - at); break;
	case REORDER: /* with the first one after it that is another */
		for (size_t i = at + 1; i < n; i++) {
			if (buf[i] != byte) {
				buf[at] = buf[i];
				buf[i] = byte;
				break;
			}
		}
		break;
	case REPEAT: memmove(buf + at + 1, buf + at, n++ - at); break;
	case HANG: pause(); break;
	case DIE: raise(SIGKILL); break;
	}
	return n;
}

int main(int argc, char *argv[])
{
	char buf[4096 + 1];
	ssize_t nread;
	size_t total = 0;
	int cfd;

	options(argc, argv,
		"[-q] [-m well|corrupt|drop|reorder|repeat|miscount|hang|die|stay|linger] [PORT]");
	int lfd = tcp_listen("127.0.0.1", opt.port);
	server_ready(lfd);
	while ((cfd = Accept(lfd, NULL, NULL)) != -1) {
		stop_also_shuts(cfd);
		log_connected("");
		while ((nread = Read(cfd, buf, sizeof(buf) - 1)) > 0) {
			size_t n = (size_t)nread, at = WRONG_AT - total;
			bool now = total <= WRONG_AT && at < n;

			if (!now || opt.mode != MISCOUNT)
				log_data("", buf, n);
			total += n;
			upper(buf, n);
			if (now)
				n = spoil(opt.mode, buf, n, at);
			if (Writen(cfd, buf, n) == -1)
				break;
		}
		stop_also_shuts(-1);
		Close(cfd);
	}
	int status = server_end();
	if (opt.mode == LINGER)
		Close(STDOUT_FILENO);
	if (opt.mode == STAY || opt.mode == LINGER)
		pause();
	return status;
}
