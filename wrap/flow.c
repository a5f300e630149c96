/*
 * One direction of a client: what a read gave is written before the next read, so that a flow never
 * holds more than its buffer. If one side is slow the flow stops reading, and TCP makes the other
 * side wait.
 */
#include "wrap/flow.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrap/error.h"
#include "wrap/wrap.h"

bool flow_step(struct flow *f)
{
	bool writes = f->rest > 0;
	size_t most = f->to == STDOUT_FILENO && f->rest > PIPE_BUF ? PIPE_BUF : f->rest;
	ssize_t n =
	    writes ? Write(f->to, f->buf + f->off, most) : Read(f->from, f->buf, sizeof(f->buf));

	if (n == -1 && errno == EAGAIN) { /* O_NONBLOCK is set: wait, but not for long */
		struct pollfd set = {.fd = writes ? f->to : f->from};
		set.events = writes ? POLLOUT : POLLIN;
		poll(&set, 1, 100);
	} else if (n <= 0) {
		f->err = n == -1 ? errno : 0;
		f->ended = true;
	} else if (writes) {
		f->bytes += (size_t)n;
		f->off += (size_t)n;
		f->rest -= (size_t)n;
	} else {
		f->off = 0;
		f->rest = (size_t)n;
	}
	return !f->ended;
}

int flow_status(const struct flow *up, const struct flow *down)
{
	const struct flow *failed = up->err != 0 ? up : down;
	const char *reading = failed == up ? "read stdin" : "read from the server";
	const char *writing = failed == up ? "write to the server" : "write stdout";

	if (failed->err == 0)
		return client_status(up->ended, up->bytes, down->bytes);
	complain_of(failed->err, "%s", failed->rest == 0 ? reading : writing);
	return EXIT_FAILURE;
}

int client_status(bool all_read, uint64_t sent, uint64_t received)
{
	if (all_read && sent == received)
		return EXIT_SUCCESS;
	message("the server %s: %llu bytes sent, %llu came back",
		received > sent ? "sent too much"
		: all_read	? "closed early"
				: "closed before the input ended",
		(unsigned long long)sent, (unsigned long long)received);
	return EXIT_FAILURE;
}
