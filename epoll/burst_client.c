/*
 * The client of the experiment in epoll/trigger_server. Every ten seconds it sends a burst of ten
 * bytes, two lines: "aaaa", "bbbb", then "cccc", "dddd" …, after z again a. It prints at once what
 * comes back. With -n the input ends one period after the last burst, and all must come back.
 * Try: -s 2 against each mode of epoll/trigger_server: when does the second line come back?
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wrap/flow.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

#define BURST_BYTES 10

static void send_burst(int fd, uint64_t nth)
{
	char burst[BURST_BYTES];

	memset(burst, (int)('a' + 2 * nth % 26), BURST_BYTES / 2);
	memset(burst + BURST_BYTES / 2, (int)('b' + 2 * nth % 26), BURST_BYTES / 2);
	burst[BURST_BYTES / 2 - 1] = burst[BURST_BYTES - 1] = '\n';
	if (Writen(fd, burst, BURST_BYTES) == -1)
		perr_exit("write to the server");
}

int main(int argc, char *argv[])
{
	char buf[BUFSIZ];
	uint64_t nbursts = 0, received = 0;
	bool ended = false;

	options(argc, argv, "[-s SECONDS=10] [-n N] [HOST=127.0.0.1 [PORT=8080]]");
	int fd = tcp_connect(opt.host, opt.port, 0);
	int64_t next = now_ms(); /* when to send the next burst */

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t ms = next - now_ms();
		int nready = poll(&p, 1, ended ? -1 : ms > 0 ? (int)ms : 0);
		if (nready == -1 && errno != EINTR)
			perr_exit("poll");
		if (nready > 0) {
			ssize_t n = Read(fd, buf, sizeof(buf));
			if (n == -1)
				perr_exit("read from the server");
			if (n == 0)
				break;
			if (Writen(STDOUT_FILENO, buf, (size_t)n) == -1)
				perr_exit("write stdout");
			received += (size_t)n;
		} else if (nready == 0) { /* it is time */
			ended = opt.count > 0 && nbursts == (uint64_t)opt.count;
			if (ended)
				shutdown(fd, SHUT_WR);
			else
				send_burst(fd, nbursts++);
			next += (int64_t)(1000 * opt.period);
		}
	}
	close(fd);
	return client_status(ended, BURST_BYTES * nbursts, received);
}
