/*
 * The wrappers. Those that set a socket up end the program, because nothing can go on without it.
 * Those that serve a client return -1, because one client's failure must not end a server.
 */
#include "wrap/wrap.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "wrap/text.h"

int Socket(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	if (fd == -1)
		perr_exit("socket");
	return fd;
}

int Bind(int fd, const struct sockaddr *sa, socklen_t salen)
{
	char text[ADDRESS_TEXT];

	if (bind(fd, sa, salen) == -1)
		perr_exit("bind %s", address_text(sa, salen, text));
	return 0;
}

int Listen(int fd, int backlog)
{
	if (listen(fd, backlog) == -1)
		perr_exit("listen");
	return 0;
}

int Connect(int fd, const struct sockaddr *sa, socklen_t salen)
{
	char text[ADDRESS_TEXT];

	if (connect(fd, sa, salen) == -1)
		perr_exit("connect %s", address_text(sa, salen, text));
	return 0;
}

int Close(int fd)
{
	int result = close(fd);

	if (result == -1 && errno == EBADF)
		perr_exit("close");
	return result; /* not tried again on EINTR: Linux has closed the descriptor even then */
}

/* Whether only this connection failed. Accept does not retry other errors: they may last. */
static bool connection_failed(int err)
{
	return err == ECONNABORTED || err == EPROTO || err == ENETDOWN || err == ENETUNREACH ||
	       err == ENOPROTOOPT || err == EHOSTDOWN || err == EHOSTUNREACH || err == ENONET;
}

int Accept(int fd, struct sockaddr *sa, socklen_t *salenptr)
{
	int cfd;

	do
		cfd = accept(fd, sa, salenptr);
	while (cfd == -1 && (errno == EINTR || connection_failed(errno)));
	return cfd;
}

ssize_t Read(int fd, void *ptr, size_t nbytes)
{
	ssize_t n;

	do
		n = read(fd, ptr, nbytes);
	while (n == -1 && errno == EINTR);
	return n;
}

ssize_t Write(int fd, const void *ptr, size_t nbytes)
{
	ssize_t n;

	do
		n = write(fd, ptr, nbytes);
	while (n == -1 && errno == EINTR);
	return n;
}

ssize_t Readn(int fd, void *vptr, size_t n)
{
	char *ptr = vptr;
	size_t done = 0;

	while (done < n) {
		ssize_t nread = Read(fd, ptr + done, n - done);

		if (nread == -1 && errno == EAGAIN && done > 0)
			break; /* keep what has come; the next call reports EAGAIN */
		if (nread == -1)
			return -1;
		if (nread == 0)
			break;
		done += (size_t)nread;
	}
	return (ssize_t)done;
}

ssize_t Writen(int fd, const void *vptr, size_t n)
{
	const char *ptr = vptr;
	size_t done = 0;

	while (done < n) {
		ssize_t nwritten = Write(fd, ptr + done, n - done);

		if (nwritten == -1)
			return -1;
		done += (size_t)nwritten;
	}
	return (ssize_t)n;
}

ssize_t Readline(int fd, void *vptr, size_t maxlen)
{
	char *line = vptr;
	size_t done = 0;

	if (maxlen < 2) {
		errno = EINVAL;
		return -1;
	}
	while (done < maxlen - 1 && (done == 0 || line[done - 1] != '\n')) {
		ssize_t nread = Read(fd, line + done, 1);

		if (nread == -1 && errno == EAGAIN && done > 0)
			break;
		if (nread == -1)
			return -1;
		if (nread == 0)
			break;
		done++;
	}
	line[done] = '\0';
	return (ssize_t)done;
}
