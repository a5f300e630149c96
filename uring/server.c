/*
 * One thread and many clients: io_uring makes the calls. poll and epoll report that a descriptor is
 * ready, and the program then calls accept, recv or send. Here the program queues the call, and a
 * completion reports its result. One io_uring_enter submits all that is queued, and waits.
 * Try: many clients at once; one that never reads; strace -c; compare with epoll/lt_server. It has
 * no client of its own: take poll/client 127.0.0.1 8892.
 */
#include "uring/ring.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "uring/clients.h"
#include "wrap/client.h"
#include "wrap/log.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/server.h"
#include "wrap/wrap.h"

/* A queue of the clients whose data found no buffer, so that each of them gets its turn. */
static struct client *hungry[MOST_FDS];
static unsigned nhungry, nfed;

/*
 * Multishot: one operation, which completes once for each client. It is linked to a poll, which
 * must be done first: an accept takes a descriptor before it looks for a client, and while there is
 * no descriptor to take it would fail again and again although nobody comes.
 */
static void accept_clients(int lfd)
{
	struct io_uring_sqe *sqe = ring_queue(IORING_OP_POLL_ADD, lfd, NULL);

	sqe->poll_events = POLLIN;
	sqe->flags = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
	ring_queue(IORING_OP_ACCEPT, lfd, NULL)->ioprio = IORING_ACCEPT_MULTISHOT;
}

/*
 * A client has one operation in flight: it receives, or sends what is pending. It is closed only
 * when this operation is done, so no completion can come for a client that is closed already.
 * The operation names no buffer. The kernel takes one when data has come: idle clients hold none.
 */
static void receive(struct client *c, unsigned flags)
{
	struct io_uring_sqe *sqe = ring_queue(IORING_OP_RECV, c->fd, c);

	sqe->flags = IOSQE_BUFFER_SELECT;
	sqe->msg_flags = flags;
}

/* MSG_DONTWAIT: with a buffer of the ring it must not wait, because others need the buffer. */
static void send_pending(struct client *c)
{
	struct io_uring_sqe *sqe = ring_queue(IORING_OP_SEND, c->fd, c);

	sqe->addr = (uintptr_t)c->pending;
	sqe->len = (unsigned)c->npending;
	sqe->msg_flags = ring_has(c->pending) ? MSG_DONTWAIT : 0;
}

static void on_accepted(int lfd, const struct io_uring_cqe *done)
{
	if (done->res >= 0) {
		struct client *c = add_client(done->res);
		if (c != NULL)
			receive(c, 0);
	} else {
		errno = -done->res;
		accept_failed(lfd);
		reserve_descriptor();
	}
	if (!(done->flags & IORING_CQE_F_MORE)) /* after an error it is over */
		accept_clients(lfd);
}

static void on_received(struct client *c, const struct io_uring_cqe *done)
{
	if (done->res == -ENOBUFS) {
		hungry[nhungry++ % MOST_FDS] = c;
		return;
	}
	if (done->flags & IORING_CQE_F_BUFFER)
		c->pending = ring_take(done);
	if (done->res == -EAGAIN) { /* a hungry client that has no data any more */
		if (c->pending != NULL)
			sent_all(c, 0); /* gives the buffer back */
		receive(c, 0);
		return;
	}
	if (done->res <= 0) { /* 0: end of file; all that came before it has been sent */
		client_gone(c, done->res < 0);
		return;
	}
	c->npending = done->res;
	c->bytes += (size_t)c->npending;
	log_data(c->who, c->pending, (size_t)c->npending);
	upper(c->pending, (size_t)c->npending);
	send_pending(c);
}

/* Receives again only when all is sent, so that a client that does not read is held back. */
static void on_sent(struct client *c, int result)
{
	if (result < 0 && result != -EAGAIN)
		client_gone(c, true);
	else if (sent_all(c, result < 0 ? 0 : result))
		receive(c, 0);
	else if (keep_pending(c))
		send_pending(c);
	else
		client_gone(c, true);
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-v|-q] [-a ADDR=127.0.0.1] [PORT=8892]");
	raise_descriptor_limit();
	reserve_descriptor();
	ring_open();
	int lfd = tcp_listen(opt.host, opt.port);
	set_nonblocking(lfd); /* accept_failed accepts, too, and must not block */
	accept_clients(lfd);
	server_ready(lfd);

	while (!stopping()) {
		struct io_uring_cqe done;
		if (!ring_next(&done))
			continue;
		struct client *c = (void *)(uintptr_t)done.user_data;
		int taken = ring_taken();
		if (c == NULL)
			on_accepted(lfd, &done);
		else if (c->pending == NULL)
			on_received(c, &done);
		else
			on_sent(c, done.res);
		/* A buffer came back, or all are free: it is for the one that has waited longest.
		 * MSG_DONTWAIT: if that one has no data it completes at once, for the next one. */
		if (nfed != nhungry && (ring_taken() < taken || taken == 0))
			receive(hungry[nfed++ % MOST_FDS], MSG_DONTWAIT);
	}
	log_all_gone();
	Close(lfd);
	return server_end();
}
