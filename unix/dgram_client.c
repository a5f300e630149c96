/*
 * AF_UNIX datagrams, a client: to be answered it must have a path, cli.PID.socket or -c OWN, which
 * the server looks for from its own folder, and which has to be removed at the end, after Ctrl-C
 * too. One datagram a line, newline and all. Nothing is lost on the way, yet a server may not
 * answer: only a time-out tells. Try: type lines, ls -l beside it; Ctrl-C; stop the server, type;
 * kill -STOP the server, type.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "unix/path.h"
#include "wrap/echo.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

#define LARGEST (256 * 1024) /* bytes; SO_SNDBUF, unless raised, lets out somewhat less */

/* Waits for the N bytes of LINE upper-cased. Returns 0, or -1 with errno (EAGAIN: none came). */
static int answer(int fd, char *line, size_t n)
{
	static char buf[LARGEST];
	struct pollfd set = {.fd = fd, .events = POLLIN};
	int64_t end = now_ms() + (int64_t)(opt.timeout * 1000), rest;
	bool said = false;

	upper(line, n);
	while ((rest = end - now_ms()) > 0) {
		if (poll(&set, 1, (int)rest) != 1) /* or ^Z and fg: EINTR */
			continue;
		ssize_t back = recv(fd, buf, sizeof(buf), 0);
		if (back == -1)
			return -1;
		if (back == (ssize_t)n && memcmp(buf, line, n) == 0)
			return 0;
		errno = 0;
		if (!said) /* an earlier line's; strangers can't send to a connected socket */
			complain("late: %zd bytes", back);
		said = true;
	}
	errno = EAGAIN;
	return -1;
}

int main(int argc, char *argv[])
{
	static char line[LARGEST + 2]; /* one byte too many is seen, and Readline adds a NUL */
	struct timeval wait;
	int status = EXIT_SUCCESS;
	char own[64];
	ssize_t n;

	snprintf(own, sizeof(own), "cli.%d.socket", getpid());
	opt.own = own;
	options(argc, argv, "[-c OWN] [-t SECONDS=1] [PATH=srv.socket]");
	int fd = Socket(AF_UNIX, SOCK_DGRAM, 0);
	wait.tv_sec = (time_t)opt.timeout;
	wait.tv_usec = (suseconds_t)((opt.timeout - (double)wait.tv_sec) * 1e6);
	/* A server that doesn't read is full at some time, and send then waits. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == -1)
		perr_exit("setsockopt");
	path_connect(fd, opt.path); /* first: no server, no file; and OWN can't be its path */
	path_bind(fd, opt.own);

	while ((n = Readline(STDIN_FILENO, line, sizeof(line))) > 0) {
		if (n > LARGEST) {
			errno = EMSGSIZE;
			perr_exit("a line");
		}
		if (Write(fd, line, (size_t)n) == -1 || answer(fd, line, (size_t)n) == -1) {
			if (errno != EAGAIN)
				perr_exit(opt.path); /* gone */
			errno = 0;
			complain("no reply in %g s", opt.timeout);
			status = EXIT_FAILURE;
		} else if (Writen(STDOUT_FILENO, line, (size_t)n) == -1) {
			perr_exit("write stdout");
		}
	}
	if (n == -1)
		perr_exit("read stdin");
	path_close(fd);
	return status;
}
