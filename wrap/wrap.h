/*
 * Wrappers. A name with a capital letter is the system call of that name, with the same signature
 * and a check of the result. The man page documents the call; the comments here say what happens
 * when it fails. Accept, Read and Write try again on EINTR. Readn, Writen and Readline are built on
 * Read and Write.
 */
#ifndef WRAP_WRAP_H
#define WRAP_WRAP_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "wrap/error.h" /* perr_exit */

/* For Listen: how many connections may wait for accept. The kernel has a limit (somaxconn). */
#define BACKLOG 4096

/* When the call fails they print its name, Bind and Connect also the address, and exit. */
int Socket(int family, int type, int protocol);
int Bind(int fd, const struct sockaddr *sa, socklen_t salen);
int Listen(int fd, int backlog);
int Connect(int fd, const struct sockaddr *sa, socklen_t salen);

/* Ends the program on EBADF, which is a mistake in the program. Otherwise as close(2). */
int Close(int fd);

/*
 * Returns the connected descriptor, or -1 with errno. It also tries again when the connection
 * failed before it was accepted (accept(2), "Error handling").
 */
int Accept(int fd, struct sockaddr *sa, socklen_t *salenptr);

/* As read(2) and write(2). options() ignores SIGPIPE, so Write can return -1 with EPIPE. */
ssize_t Read(int fd, void *ptr, size_t nbytes);
ssize_t Write(int fd, const void *ptr, size_t nbytes);

/*
 * Reads until there are N bytes, or the input ends, or a non-blocking descriptor has no more for
 * now. Returns how many bytes it read, or -1 with errno.
 */
ssize_t Readn(int fd, void *vptr, size_t n);

/* Writes all N bytes to a blocking descriptor. Returns N, or -1 with errno. */
ssize_t Writen(int fd, const void *vptr, size_t n);

/*
 * Reads a line with its newline, at most MAXLEN - 1 bytes, and adds a NUL. Returns how many bytes
 * it stored without the NUL; 0 at end of input; -1 with errno (EINVAL: MAXLEN is less than 2). A
 * line that is longer, or has not come whole, is returned in parts. Readline keeps nothing between
 * calls, so it must not read beyond the newline: it costs one read(2) per byte.
 */
ssize_t Readline(int fd, void *vptr, size_t maxlen);

#endif
