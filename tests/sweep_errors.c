/*
 * The table of errors; the calls' man pages of section 2 are its source. Not in it are
 *   close                its errors come when the descriptor is closed: here it would stay open
 *   recvmsg, sendmsg     sendmsg brings the sweep's own descriptor out of the program
 *   shutdown             ENOTCONN: the connection is gone already, which we cannot make true
 *   sigaction, sigprocmask, getpid, umask and others that fail only for wrong arguments
 *   epoll_wait ENOMEM    it takes no memory
 *   accept, recv EAGAIN  the kernel says so when there is nothing, and not when there is something
 *   stat ENOENT          the file is gone, which we cannot make true
 *   prctl                a good signal as PR_SET_PDEATHSIG is never refused
 *   munmap               glibc aborts when that of a thread's stack fails
 *   futex, set_robust_list, rseq and others that belong to the C library
 * Some of these cannot come on a socket of AF_UNIX; the programs make no difference there.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/sweep_errors.h"

/* clang-format off */
#define E(error)     {#error, error, ONCE}
#define LASTS(error) {#error "-lasting", error, LASTING}
#define LIMIT(error) {#error "-lasting", error, LIMITED}

const struct failing failing[] = {
    /* sockets at the start */
    {"socket", ANY, "", {E(EMFILE), E(ENFILE), E(ENOBUFS), E(ENOMEM), E(EACCES), E(EAFNOSUPPORT)}},
    {"bind", ANY, "", {E(EADDRINUSE), E(EACCES), E(EADDRNOTAVAIL), E(ENOMEM)}},
    {"listen", ANY, "", {E(EADDRINUSE)}},
    {"connect", ANY, "", {E(ECONNREFUSED), E(ETIMEDOUT), E(ENETUNREACH), E(EADDRNOTAVAIL), E(EPERM), E(EAGAIN)}},
    {"setsockopt", ANY, "", {E(ENOMEM), E(ENOPROTOOPT), E(EPERM)}}, /* a cgroup may forbid it */
    {"getsockopt", ANY, "", {E(ENOPROTOOPT), E(EPERM)}},
    {"getsockname", ANY, "", {E(ENOBUFS)}},
    {"getpeername", ANY, "", {E(ENOTCONN), E(ENOBUFS)}},
    {"fcntl", ANY, "", {E(EACCES)}}, /* SELinux */

    /* clients */
    {"accept", ANY, "", {E(EMFILE), LIMIT(EMFILE), LASTS(ENOMEM), E(ECONNABORTED), E(ENFILE), E(ENOMEM), E(EINTR), E(EPERM), E(EPROTO)}},
    {"recv", STREAM, "read", {E(ECONNRESET), E(ETIMEDOUT), E(EHOSTUNREACH), E(ENOMEM), E(EINTR)}},
    {"recv", DATAGRAM, "read", {E(ENOMEM), E(EINTR)}},
    {"send", STREAM, "write", {E(EPIPE), E(ECONNRESET), E(EHOSTUNREACH), E(ENOBUFS), E(EAGAIN), E(EINTR)}},
    {"send", DATAGRAM, "write", {E(ENOBUFS), E(ECONNREFUSED), E(EPERM), E(ENETUNREACH), E(EMSGSIZE), E(EAGAIN), E(EINTR)}},

    /* the wait */
    {"select", ANY, "", {E(EINTR), E(ENOMEM), LASTS(ENOMEM)}},
    {"poll", ANY, "", {E(EINTR), E(ENOMEM), LASTS(ENOMEM), E(EINVAL)}}, /* RLIMIT_NOFILE was lowered */
    {"epoll_wait", ANY, "", {E(EINTR)}},
    {"epoll_create", ANY, "", {E(EMFILE), E(ENFILE), E(ENOMEM)}},
    {"epoll_ctl", ANY, "", {E(ENOSPC), E(ENOMEM)}},

    /* processes and threads */
    {"clone", ANY, LIBRARY, {E(EAGAIN), LASTS(EAGAIN), E(ENOMEM)}},
    {"waitpid", ANY, "", {E(EINTR)}},
    {"pipe", ANY, "", {E(EMFILE), E(ENFILE)}},

    /* files */
    {"open", ANY, "", {E(EMFILE), E(ENFILE), E(ENOMEM), E(EACCES), E(ENOENT)}},
    {"read", STREAM, "", {E(EIO), E(ECONNRESET), E(ENOMEM), E(EINTR)}},
    {"read", DATAGRAM, "", {E(EIO), E(ENOMEM), E(EINTR)}},
    {"write", ANY, "", {E(EPIPE), E(EIO), E(ENOSPC), E(EINTR)}},
    {"readlink", ANY, "", {E(ENOENT), E(EACCES)}},
    {"stat", ANY, "", {E(EACCES), E(ENOMEM)}},
    {"unlink", ANY, "", {E(EACCES), E(EROFS), E(EIO)}},
    {"flock", ANY, "", {E(ENOLCK), E(EINTR)}},
    {"ioctl", ANY, "", {E(ENOTTY), E(ENODEV)}}, /* no terminal; no such interface */
    {"rlimit", ANY, "", {E(EPERM)}},

    /* memory */
    {"mmap", ANY, LIBRARY, {E(ENOMEM)}},
    {"brk", ANY, LIBRARY, {E(ENOMEM)}},
    {"mprotect", ANY, LIBRARY, {E(ENOMEM)}},
    {"madvise", ANY, LIBRARY, {E(ENOMEM)}},
    {NULL, ANY, NULL, {{NULL, 0, ONCE}}},
};
/* clang-format on */

const struct error killed = {"SIGKILL", SIGKILL, KILLED};

bool can_fail(const char *call, const struct error *error, const uint64_t args[6])
{
	bool sends = strcmp(call, "send") == 0;
	bool at_once = (sends || strcmp(call, "recv") == 0) && args[3] & MSG_DONTWAIT;

	if (error->way == KILLED)
		return true;
	if (error->number == EINTR && strcmp(call, "waitpid") == 0)
		return !(args[2] & WNOHANG);
	if (error->number == EINTR) /* a signal interrupts what may wait */
		return !at_once;
	if (error->number == EAGAIN && sends) /* and this is for what may not */
		return at_once;
	if (strcmp(call, "epoll_ctl") == 0) /* a change takes no memory */
		return args[1] == EPOLL_CTL_ADD;
	return true;
}
