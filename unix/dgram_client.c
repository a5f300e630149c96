/*
 * AF_UNIX datagrams, a client. To be answered it must have a path of its own: cli.PID.socket beside
 * the server's, or -c OWN. It is absolute, because the server may run in another folder, and it has
 * to be removed at the end, after Ctrl-C too. Each line goes out as one datagram, with its newline.
 * Nothing is lost on the way, yet the server may not answer: only a time-out shows that.
 * Try: type lines, ls -l in another terminal; Ctrl-C; stop the server, type; kill -STOP the server,
 * type.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "unix/path.h"
#include "wrap/echo.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

#define LARGEST (256 * 1024) /* bytes; SO_SNDBUF, unless it is raised, allows somewhat less */

/*
 * Sends the N bytes of LINE, upper-cases LINE, and waits until the same bytes come back. Returns 1
 * when they do, 0 when they do not come in time, -1 with errno on errors.
 */
static int ask(int fd, char *line, size_t n)
{
	static char buf[LARGEST];
	struct pollfd set = {.fd = fd, .events = POLLIN};
	int64_t end = now_ms() + (int64_t)(opt.timeout * 1000), rest;
	bool reported = false;

	if (Write(fd, line, n) == -1)
		return errno == EAGAIN ? 0 : -1; /* EAGAIN: the server's queue stayed full */
	upper(line, n);
	while ((rest = end - now_ms()) > 0) {
		int nready = poll(&set, 1, (int)rest);
		if (nready == -1 && errno != EINTR)
			return -1;
		if (nready != 1)
			continue;
		ssize_t back = recv(fd, buf, sizeof(buf), 0);
		if (back == -1)
			return -1;
		if (back == (ssize_t)n && memcmp(buf, line, n) == 0)
			return 1;
		if (!reported) /* an earlier line's: nobody else can send to a connected socket */
			message("a late answer of %zd bytes", back);
		reported = true;
	}
	return 0;
}

/* Returns "cli.PID.socket" in the folder of PATH, as an absolute path. realpath(3). */
static const char *beside(const char *path)
{
	static char own[PATH_MAX + 32];
	char folder[PATH_MAX];

	snprintf(own, sizeof(own), "%s", path);
	if (realpath(dirname(own), folder) == NULL) /* dirname changes its argument */
		perr_exit("the folder of %s", path);
	snprintf(own, sizeof(own), "%s/cli.%d.socket", folder, getpid());
	return own;
}

int main(int argc, char *argv[])
{
	static char line[LARGEST + 2]; /* + 1 to notice a line that is too long, + 1 for the NUL */
	struct timeval wait;
	int status = EXIT_SUCCESS;
	ssize_t n;

	options(argc, argv, "[-c OWN] [-t SECONDS=1] [PATH=srv.socket]");
	int fd = Socket(AF_UNIX, SOCK_DGRAM, 0);
	wait.tv_sec = (time_t)opt.timeout;
	wait.tv_usec = (suseconds_t)((opt.timeout - (double)wait.tv_sec) * 1e6);
	/* When a server does not read, its queue fills up, and a write blocks: limit that. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == -1)
		perr_exit("setsockopt SO_SNDTIMEO");
	path_connect(fd, opt.path); /* first: without a server there is no need for a file */
	path_bind(fd, opt.own_path != NULL ? opt.own_path : beside(opt.path));

	while ((n = Readline(STDIN_FILENO, line, sizeof(line))) > 0) {
		if (n > LARGEST)
			message_exit("a line is longer than %d bytes", LARGEST);
		int answered = ask(fd, line, (size_t)n);
		if (answered == -1)
			perr_exit("%s", opt.path); /* the server is gone */
		else if (answered == 0)
			message("no reply from %s in %g s", opt.path, opt.timeout);
		else if (Writen(STDOUT_FILENO, line, (size_t)n) == -1)
			perr_exit("write stdout");
		if (answered == 0)
			status = EXIT_FAILURE; /* but go on: the next line may do better */
	}
	if (n == -1)
		perr_exit("read stdin");
	path_close(fd);
	return status;
}
