/*
 * Two processes, one for each direction: the child sends what stdin gives, the parent prints what
 * comes back, and neither waits for the other. The child's close would not tell the server that
 * this was all, for the parent still has the socket open: shutdown acts for both.
 * Try: seq 1000000 | mpserver/client | md5sum; put close in place of shutdown.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

/* What the child tells the parent: memory that both share. */
struct sending {
	int fd;
	atomic_ullong sent;
	atomic_bool all;
	atomic_int err; /* of reading stdin */
};

static void send_all(struct sending *s)
{
	char buf[BUFSIZ];
	ssize_t n;

	while ((n = Read(STDIN_FILENO, buf, sizeof(buf))) > 0) {
		if (Writen(s->fd, buf, (size_t)n) == -1)
			break; /* the other meets the same end, and says so */
		s->sent += (size_t)n;
	}
	s->all = n == 0;
	s->err = n == -1 ? errno : 0;
	shutdown(s->fd, SHUT_WR);
}

int main(int argc, char *argv[])
{
	char buf[BUFSIZ];
	uint64_t received = 0;
	ssize_t n;

	opt.port = 9999;
	options(argc, argv, "", "[HOST [PORT]]");
	struct sending *s =
	    mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		perr_exit("mmap");
	s->fd = tcp_connect(opt.host, opt.port);

	pid_t pid = Fork(); /* it ends when we do */
	if (pid == -1)
		perr_exit("fork");
	if (pid == 0) {
		send_all(s);
		_exit(EXIT_SUCCESS);
	}
	while ((n = Read(s->fd, buf, sizeof(buf))) > 0) {
		if (Writen(STDOUT_FILENO, buf, (size_t)n) == -1)
			perr_exit("write stdout");
		received += (size_t)n;
	}
	if (n == -1)
		perr_exit("read from the server");
	kill(pid, SIGKILL); /* it may still wait for stdin */
	Waitpid(pid, NULL, 0);
	if ((errno = s->err) != 0)
		perr_exit("read stdin");
	return client_end(s->all, s->sent, received);
}
