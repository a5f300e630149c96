/*
 * A word in a program's system calls, without privileges: before it makes one that was chosen, the
 * kernel asks a process beside it, which may let the kernel make the call, answer in its place, or
 * do something first. seccomp_unotify(2), Linux 5.5 and later.
 *
 *     the program                                 the one beside it
 *     notify_about(calls, 0)
 *     notify_send(socket, listener)        →      listener = notify_receive(socket)
 *     execv(…)                                    while (notify_next(listener, &question))
 *                                                         notify_go_on(listener, &question);
 *
 * Children of the program and what it executes are asked about too. The one beside it must not be
 * such a child: its own calls would wait for its own answer.
 */
#ifndef TESTS_NOTIFY_H
#define TESTS_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct question {
	uint64_t id;
	pid_t tid;	  /* the thread that is about to make … */
	const char *call; /* … this call: a name of tests/calls.h */
	uint64_t args[6]; /* its arguments, socketcall's unpacked */
	uint64_t code;	  /* the address where the call is made */
};

/* The calls to be asked about: names of tests/calls.h, the last one NULL. */
typedef const char *const *notify_calls;

/*
 * From here on the kernel asks about this process's CALLS. Returns the listener, to be sent away
 * (CALLS must leave sendmsg(2) alone) and closed. Ends the program with a line if the kernel, a
 * container or an emulator does not allow it. With ONLY_KILLS a signal that comes while the kernel
 * asks waits for the end of the call, unless it kills (Linux 5.19).
 */
int notify_about(notify_calls calls, bool only_kills);

/* The listener's way to the other process, over a socket of AF_UNIX. -1: the other end is closed.
 */
void notify_send(int socket, int listener);
int notify_receive(int socket);

/* Waits for the next question. Returns false when all that can be asked about have ended. */
bool notify_next(int listener, struct question *q);

/*
 * Three answers: the kernel makes the call; it is not made and returns VALUE; it is not made and
 * fails with ERROR. A thread whose question gets no answer waits until a signal comes.
 */
void notify_go_on(int listener, const struct question *q);
void notify_return(int listener, const struct question *q, int64_t value);
void notify_fail(int listener, const struct question *q, int error);

/* Copies SIZE bytes at ADDRESS of thread TID; false: it has ended, say. process_vm_readv(2) */
bool notify_read(pid_t tid, uint64_t address, void *to, size_t size);

/* The process that thread TID belongs to; 0: it has ended. proc(5), /proc/PID/status */
pid_t notify_process(pid_t tid);

#endif
