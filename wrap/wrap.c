#include "wrap/wrap.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "wrap/net.h"
#include "wrap/run.h"

void perr_exit(const char *s)
{
	complain("%s", s);
	exit(EXIT_FAILURE);
}

void perr_exit_address(const char *call, const struct sockaddr *sa, socklen_t salen)
{
	char text[ADDRESS_TEXT];
	int err = errno;

	address_text(sa, salen, text);
	errno = err;
	complain("%s %s", call, text);
	exit(EXIT_FAILURE);
}

int Socket(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	if (fd == -1)
		perr_exit("socket");
	return fd;
}

int Bind(int fd, const struct sockaddr *sa, socklen_t salen)
{
	if (bind(fd, sa, salen) == -1)
		perr_exit_address("bind", sa, salen);
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
	if (connect(fd, sa, salen) == -1)
		perr_exit_address("connect", sa, salen);
	return 0;
}

int Epoll_create1(int flags)
{
	int epfd = epoll_create1(flags);

	if (epfd == -1)
		perr_exit("epoll_create1");
	return epfd;
}

int Close(int fd)
{
	int result = close(fd);

	if (result == -1 && errno == EBADF)
		perr_exit("close");
	return result; /* not tried again on EINTR: Linux has closed it all the same */
}

int Accept(int fd, struct sockaddr *sa, socklen_t *salenptr)
{
	socklen_t room = salenptr == NULL ? 0 : *salenptr;
	int cfd;

	do { /* not for errors that are not known: they might come for ever */
		if (salenptr != NULL)
			*salenptr = room;
		cfd = accept(fd, sa, salenptr);
	} while (cfd == -1 && !stopping() &&
		 (errno == EINTR || errno == ECONNABORTED || errno == EPROTO || errno == ENETDOWN ||
		  errno == ENETUNREACH || errno == ENOPROTOOPT || errno == EHOSTDOWN ||
		  errno == EHOSTUNREACH || errno == ENONET));
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

	do {
		n = send(fd, ptr, nbytes, MSG_NOSIGNAL);
		if (n == -1 && errno == ENOTSOCK)
			n = write(fd, ptr, nbytes);
	} while (n == -1 && errno == EINTR);
	return n;
}

ssize_t Readn(int fd, void *vptr, size_t n)
{
	char *ptr = vptr;
	size_t done = 0;

	while (done < n) {
		ssize_t nread = Read(fd, ptr + done, n - done);

		if (nread == -1 && !(errno == EAGAIN && done > 0))
			return -1;
		if (nread <= 0)
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

		if (nread == -1 && !(errno == EAGAIN && done > 0))
			return -1;
		if (nread <= 0)
			break;
		done++;
	}
	line[done] = '\0';
	return (ssize_t)done;
}
