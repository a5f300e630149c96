/*
 * The system calls of the notes with their errors looked at. A wrapper has the call's name with a
 * capital and its signature: the man page is its documentation, here stands what it does on errors.
 */
#ifndef WRAP_WRAP_H
#define WRAP_WRAP_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/* complain(s), then exit(1); the second one adds the address that CALL was about. */
void perr_exit(const char *s) __attribute__((noreturn));
void perr_exit_address(const char *call, const struct sockaddr *sa, socklen_t salen)
    __attribute__((noreturn));

/* perr_exit when the call fails; Bind and Connect name the address. socket(2), bind(2) … */
int Socket(int family, int type, int protocol);
int Bind(int fd, const struct sockaddr *sa, socklen_t salen);
int Listen(int fd, int backlog);
int Connect(int fd, const struct sockaddr *sa, socklen_t salen);
int Epoll_create1(int flags);

/* Ends the program on EBADF only: a program that closes what it doesn't own is wrong. close(2). */
int Close(int fd);

/*
 * Returns the connected descriptor, or -1 with errno. Tries again on EINTR unless the program is
 * stopping, and when the fault was the client's or the network's (accept(2), "Error handling").
 */
int Accept(int fd, struct sockaddr *sa, socklen_t *salenptr);

/*
 * As read(2) and write(2), and once more on EINTR. Write to a peer that is gone returns -1 with
 * EPIPE, without the signal (send(2), MSG_NOSIGNAL).
 */
ssize_t Read(int fd, void *ptr, size_t nbytes);
ssize_t Write(int fd, const void *ptr, size_t nbytes);

/*
 * Reads until N bytes are there, the input ends, or (non-blocking descriptor) there are no more
 * for now. Returns how many were read, or -1 with errno when an error came.
 */
ssize_t Readn(int fd, void *vptr, size_t n);

/* Writes all N bytes to a blocking descriptor. Returns N, or -1 with errno (EPIPE as in Write). */
ssize_t Writen(int fd, const void *vptr, size_t n);

/*
 * Reads up to and with the next newline, at most MAXLEN - 1 bytes, and adds a NUL. Returns the
 * bytes stored without the NUL; 0 at end of input; -1 with errno (EINVAL: MAXLEN under 2). A line
 * that is longer, that the input ends, or (non-blocking) that has not yet come whole is returned
 * without newline; the next call goes on where this one ended. It keeps nothing between calls, so
 * descriptors and threads don't meet, and pays for that with one read(2) for each byte.
 */
ssize_t Readline(int fd, void *vptr, size_t maxlen);

#endif
