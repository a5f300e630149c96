/*
 * How the kernel is made to ask (see notify.h): a filter of seccomp(2), a program for the kernel's
 * small machine (BPF), looks at each call's number. It answers "ask" for those that were chosen and
 * "allow" for all others. Installing it gives a descriptor, the listener, where the questions come.
 */
#include <err.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/calls.h"
#include "tests/notify.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#define LONGEST_FILTER 600 /* five instructions for each of calls.c's lines */

/* Where the lower half of the first argument is: the machine's words have 32 bits. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define FIRST_ARGUMENT (offsetof(struct seccomp_data, args) + 4)
#else
#define FIRST_ARGUMENT offsetof(struct seccomp_data, args)
#endif

static void load(struct sock_fprog *p, size_t offset)
{
	p->filter[p->len++] =
	    (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static void skip_unless(struct sock_fprog *p, int value, unsigned char skipped)
{
	p->filter[p->len++] =
	    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)value, 0, skipped);
}

static void answer(struct sock_fprog *p, uint32_t value)
{
	p->filter[p->len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value);
}

static bool contains(notify_calls names, const char *name)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

int notify_about(notify_calls names, bool only_kills)
{
	struct sock_filter filter[LONGEST_FILTER];
	struct sock_fprog p = {.filter = filter};
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER |
			      (only_kills ? SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0);

	for (size_t i = 0; i < ncalls; i++) {
		if (!contains(names, calls[i].name))
			continue;
		load(&p, offsetof(struct seccomp_data, nr));
		skip_unless(&p, calls[i].number, calls[i].function == 0 ? 1 : 3);
		if (calls[i].function != 0) {
			load(&p, FIRST_ARGUMENT);
			skip_unless(&p, calls[i].function, 1);
		}
		answer(&p, SECCOMP_RET_USER_NOTIF);
	}
	if (p.len == 0)
		errx(1, "no call of that name");
	answer(&p, SECCOMP_RET_ALLOW);

	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* so that Yama lets notify_read work */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		err(1, "PR_SET_NO_NEW_PRIVS");
	int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
	if (listener == -1)
		err(1, "seccomp");
	return listener;
}

/* One byte, and room for one descriptor. cmsg(3), unix(7) */
struct parcel {
	struct msghdr msg;
	struct iovec iov;
	char byte;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};

static void pack(struct parcel *p)
{
	*p = (struct parcel){.iov = {.iov_base = &p->byte, .iov_len = 1}};
	p->msg.msg_iov = &p->iov;
	p->msg.msg_iovlen = 1;
	p->msg.msg_control = p->control;
	p->msg.msg_controllen = sizeof(p->control);
}

void notify_send(int socket, int listener)
{
	struct parcel p;

	pack(&p);
	struct cmsghdr *c = CMSG_FIRSTHDR(&p.msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &listener, sizeof(int));
	if (sendmsg(socket, &p.msg, 0) == -1)
		err(1, "sendmsg");
}

int notify_receive(int socket)
{
	struct parcel p;
	int listener = -1;

	pack(&p);
	if (recvmsg(socket, &p.msg, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&p.msg) != NULL)
		memcpy(&listener, CMSG_DATA(CMSG_FIRSTHDR(&p.msg)), sizeof(int));
	return listener;
}

/* ioctl(2): its second argument is unsigned long in glibc and int in musl, too small for these. */
static long listener_ioctl(int listener, unsigned long request, void *arg)
{
	return syscall(SYS_ioctl, listener, request, arg);
}

/* What the kernel says of the call, as the source has it. */
static void translate(const struct seccomp_notif *ask, struct question *q)
{
	*q = (struct question){.id = ask->id,
			       .tid = (pid_t)ask->pid,
			       .code = ask->data.instruction_pointer,
			       .call = call_name(ask->data.nr, ask->data.args[0])};
	for (int i = 0; i < 6; i++)
		q->args[i] = ask->data.args[i];
#ifdef SYS_socketcall
	unsigned long packed[6] = {0}; /* six, though not all functions have so many */
	if (ask->data.nr == SYS_socketcall) {
		(void)notify_read(q->tid, ask->data.args[1], packed, sizeof(packed));
		for (int i = 0; i < 6; i++)
			q->args[i] = packed[i];
	}
#endif
}

bool notify_next(int listener, struct question *q)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	while (poll(&p, 1, -1) == 1 && p.revents & POLLIN) {
		struct seccomp_notif ask = {0};
		if (listener_ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &ask) == -1)
			continue; /* a signal has ended the call meanwhile */
		translate(&ask, q);
		return true;
	}
	return false;
}

/* A signal may have ended the call: then nobody waits for the answer, which is no error. */
static void reply(int listener, struct seccomp_notif_resp r)
{
	listener_ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
}

void notify_go_on(int listener, const struct question *q)
{
	reply(listener,
	      (struct seccomp_notif_resp){.id = q->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE});
}

void notify_return(int listener, const struct question *q, int64_t value)
{
	reply(listener, (struct seccomp_notif_resp){.id = q->id, .val = value});
}

void notify_fail(int listener, const struct question *q, int error)
{
	if (strcmp(q->call, "brk") == 0) /* it fails by an end of memory that is not the new one */
		notify_return(listener, q, 0);
	else
		reply(listener, (struct seccomp_notif_resp){.id = q->id, .error = -error});
}

bool notify_read(pid_t tid, uint64_t address, void *to, size_t size)
{
	struct iovec here = {.iov_base = to, .iov_len = size},
		     there = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};

	return process_vm_readv(tid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

pid_t notify_process(pid_t tid)
{
	char path[64], text[256];
	pid_t process = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	FILE *f = fopen(path, "re");
	while (f != NULL && fgets(text, sizeof(text), f) != NULL)
		if (sscanf(text, "Tgid: %d", &process) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return process;
}
