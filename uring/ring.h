/*
 * io_uring: two rings that the program shares with the kernel. The program queues operations in the
 * first one, and one call submits them all; the kernel reports in the second one which of them are
 * done. Besides there is a pool of buffers, from which the kernel takes one when data has come. One
 * ring per program, for one thread. io_uring(7).
 */
#ifndef URING_RING_H
#define URING_RING_H

#include <linux/io_uring.h>
#include <stdbool.h>

/* Sets up the rings and the buffers, or ends the program. io_uring_setup(2). */
void ring_open(void);

/*
 * Queues operation OPCODE on FD. Returns its entry; the caller fills in the rest before the next
 * call of this module. OWNER comes back as user_data with the operation's completion.
 * io_uring_enter(2).
 */
struct io_uring_sqe *ring_queue(int opcode, int fd, void *owner);

/*
 * Takes the next completion into *DONE: its result is the system call's, or -errno. When there is
 * none it submits what is queued and waits. Returns false when a signal or a shortage has ended the
 * wait.
 */
bool ring_next(struct io_uring_cqe *done);

/*
 * The buffers. ring_take returns the one in which the data of DONE is; from then on it is the
 * caller's, until ring_give_back lets the kernel use it again. ring_has returns whether MEMORY is
 * one of them, ring_taken how many the caller has.
 */
char *ring_take(const struct io_uring_cqe *done);
void ring_give_back(char *memory);
bool ring_has(const char *memory);
int ring_taken(void);

#endif
