/*
 * The clients' work. A flow copies one direction through a buffer of its own. A client has two: up,
 * from stdin to the server, and down, from the server to stdout.
 */
#ifndef WRAP_FLOW_H
#define WRAP_FLOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A flow waits for one thing at a time: to read from FROM while its buffer is empty, otherwise to
 * write to TO. The atomic members are those that flow_status may read while another thread or
 * process still changes them.
 */
struct flow {
	int from, to;
	size_t off, rest;    /* REST bytes from buf[off] on are still to be written */
	atomic_bool ended;   /* FROM's input is over, or a read or write failed */
	atomic_int err;	     /* the errno of the call that failed, or 0 */
	atomic_ullong bytes; /* written so far */
	char buf[65536];
};

/*
 * Takes the step that F waits for, one read or one write. To stdout it writes no more than a pipe
 * that is ready takes without blocking (PIPE_BUF, pipe(7)). Returns false when F has ended.
 */
bool flow_step(struct flow *f);

/*
 * Both print what failed, if anything, and return the client's exit status. flow_status looks at
 * the two flows' errors, then calls client_status, which asks: was all of the input read
 * (ALL_READ), and did as many bytes come back as were sent?
 */
int flow_status(const struct flow *up, const struct flow *down);
int client_status(bool all_read, uint64_t sent, uint64_t received);

#endif
