/* The one place that knows which system calls a machine has. See calls.h. */
#include <linux/net.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "tests/calls.h"

const struct call calls[] = {
    {"brk", SYS_brk, 0},
    {"clone", SYS_clone, 0},
    {"epoll_create", SYS_epoll_create1, 0},
    {"epoll_ctl", SYS_epoll_ctl, 0},
    {"epoll_wait", SYS_epoll_pwait, 0},
    {"fcntl", SYS_fcntl, 0},
    {"flock", SYS_flock, 0},
    {"ioctl", SYS_ioctl, 0},
    {"madvise", SYS_madvise, 0},
    {"mprotect", SYS_mprotect, 0},
    {"munmap", SYS_munmap, 0},
    {"open", SYS_openat, 0},
    {"pipe", SYS_pipe2, 0},
    {"prctl", SYS_prctl, 0},
    {"read", SYS_read, 0},
    {"readlink", SYS_readlinkat, 0},
    {"rlimit", SYS_prlimit64, 0},
    {"sigaction", SYS_rt_sigaction, 0},
    {"stat", SYS_statx, 0},
    {"unlink", SYS_unlinkat, 0},
    {"waitpid", SYS_wait4, 0},
    {"write", SYS_write, 0},

    /* The sockets' calls, wherever each has a number of its own … */
    {"accept", SYS_accept4, 0},
    {"bind", SYS_bind, 0},
    {"connect", SYS_connect, 0},
    {"getpeername", SYS_getpeername, 0},
    {"getsockname", SYS_getsockname, 0},
    {"getsockopt", SYS_getsockopt, 0},
    {"listen", SYS_listen, 0},
    {"recv", SYS_recvfrom, 0},
    {"recvmsg", SYS_recvmsg, 0},
    {"send", SYS_sendto, 0},
    {"setsockopt", SYS_setsockopt, 0},
    {"shutdown", SYS_shutdown, 0},
    {"socket", SYS_socket, 0},
#ifdef SYS_socketcall /* … and where they once shared one: i386, s390x */
    {"accept", SYS_socketcall, SYS_ACCEPT},
    {"accept", SYS_socketcall, SYS_ACCEPT4},
    {"bind", SYS_socketcall, SYS_BIND},
    {"connect", SYS_socketcall, SYS_CONNECT},
    {"getpeername", SYS_socketcall, SYS_GETPEERNAME},
    {"getsockname", SYS_socketcall, SYS_GETSOCKNAME},
    {"getsockopt", SYS_socketcall, SYS_GETSOCKOPT},
    {"listen", SYS_socketcall, SYS_LISTEN},
    {"recv", SYS_socketcall, SYS_RECV},
    {"recv", SYS_socketcall, SYS_RECVFROM},
    {"recvmsg", SYS_socketcall, SYS_RECVMSG},
    {"send", SYS_socketcall, SYS_SEND},
    {"send", SYS_socketcall, SYS_SENDTO},
    {"setsockopt", SYS_socketcall, SYS_SETSOCKOPT},
    {"shutdown", SYS_socketcall, SYS_SHUTDOWN},
    {"socket", SYS_socketcall, SYS_SOCKET},
#endif
#ifdef SYS_accept
    {"accept", SYS_accept, 0},
#endif
#ifdef SYS_recv /* arm */
    {"recv", SYS_recv, 0},
    {"send", SYS_send, 0},
#endif

/* Newer ones that glibc prefers. */
#ifdef SYS_clone3
    {"clone", SYS_clone3, 0},
#endif
#ifdef SYS_io_uring_enter
    {"io_uring_enter", SYS_io_uring_enter, 0},
    {"io_uring_setup", SYS_io_uring_setup, 0},
#endif
#ifdef SYS_epoll_pwait2
    {"epoll_wait", SYS_epoll_pwait2, 0},
#endif

/* Older ones, which the youngest machines (arm64) left out. */
#ifdef SYS_fork
    {"clone", SYS_fork, 0},
    {"clone", SYS_vfork, 0},
#endif
#ifdef SYS_epoll_wait
    {"epoll_create", SYS_epoll_create, 0},
    {"epoll_wait", SYS_epoll_wait, 0},
#endif
#ifdef SYS_open
    {"open", SYS_open, 0},
    {"pipe", SYS_pipe, 0},
    {"readlink", SYS_readlink, 0},
    {"unlink", SYS_unlink, 0},
#endif
#ifdef SYS_poll
    {"poll", SYS_poll, 0},
#endif
#ifdef SYS_select
    {"select", SYS_select, 0},
#endif
#ifdef SYS_waitpid
    {"waitpid", SYS_waitpid, 0},
#endif
#ifdef SYS_mmap
    {"mmap", SYS_mmap, 0},
#endif
#ifdef SYS_newfstatat
    {"stat", SYS_newfstatat, 0},
#endif
#ifdef SYS_lstat
    {"stat", SYS_stat, 0},
    {"stat", SYS_lstat, 0},
#endif

/* The same with wider sizes and times, on machines of 32 bits. */
#ifdef SYS_mmap2
    {"mmap", SYS_mmap2, 0},
#endif
#ifdef SYS__newselect
    {"select", SYS__newselect, 0},
#endif
#ifdef SYS_fcntl64
    {"fcntl", SYS_fcntl64, 0},
#endif
#ifdef SYS_fstatat64
    {"stat", SYS_fstatat64, 0},
#endif
#ifdef SYS_lstat64
    {"stat", SYS_stat64, 0},
    {"stat", SYS_lstat64, 0},
#endif
#ifdef SYS_ppoll
    {"poll", SYS_ppoll, 0},
    {"select", SYS_pselect6, 0},
    {"sigtimedwait", SYS_rt_sigtimedwait, 0},
#endif
#ifdef SYS_ppoll_time64
    {"poll", SYS_ppoll_time64, 0},
    {"select", SYS_pselect6_time64, 0},
    {"sigtimedwait", SYS_rt_sigtimedwait_time64, 0},
#endif
};
const size_t ncalls = sizeof(calls) / sizeof(calls[0]);

const char *call_name(int number, unsigned long long argument)
{
	for (size_t i = 0; i < ncalls; i++)
		if (calls[i].number == number &&
		    (calls[i].function == 0 || (unsigned)calls[i].function == argument))
			return calls[i].name;
	return NULL;
}
