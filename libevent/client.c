/*
 * The socket has a bufferevent, stdin and stdout have an event each. These two events are not
 * EV_PERSIST: each is reported once and is added again when there is something to do, so that no
 * more than one read is held in each direction, whichever side is slow.
 * Try: a terminal; a file as stdin; seq 1000000 | libevent/client | md5sum; Ctrl-C in the server.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <limits.h>
#include <unistd.h>

#include "wrap/flow.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/wrap.h"

static struct event_base *base;		   /* the loop */
static struct bufferevent *server;	   /* the socket and its two buffers: */
static struct evbuffer *in, *out;	   /* what came from it, what goes to it */
static struct event *can_read, *can_write; /* stdin, stdout */
static uint64_t sent, received;
static bool all_read; /* stdin has ended */

static void add(struct event *ev)
{
	if (event_add(ev, NULL) == -1)
		perr_exit("event_add");
}

/* The socket has accepted all that OUT held. */
static void on_sent(struct bufferevent *bev, void *arg)
{
	(void)arg;
	if (!all_read)
		add(can_read);
	else if (shutdown(bufferevent_getfd(bev), SHUT_WR) == -1 && errno != ENOTCONN)
		perr_exit("shutdown");
}

static void on_stdin(evutil_socket_t fd, short what, void *arg)
{
	int n = evbuffer_read(out, fd, -1); /* one read; the bufferevent sends it */

	(void)what;
	if (n == -1 && errno != EAGAIN)
		perr_exit("read stdin");
	sent += n > 0 ? (uint64_t)n : 0;
	all_read = n == 0;
	if (n <= 0) /* nothing to send: wait for more input, or shut down at its end */
		on_sent(server, arg);
}

static void on_received(struct bufferevent *bev, void *arg)
{
	(void)arg;
	bufferevent_disable(bev, EV_READ); /* until stdout has accepted it */
	add(can_write);
}

static void on_stdout(evutil_socket_t fd, short what, void *arg)
{
	/* A pipe that is ready takes PIPE_BUF bytes without blocking, pipe(7). */
	int n = evbuffer_write_atmost(in, fd, PIPE_BUF);

	(void)what, (void)arg;
	if (n == -1 && errno != EAGAIN)
		perr_exit("write stdout");
	received += n > 0 ? (uint64_t)n : 0;
	if (evbuffer_get_length(in) > 0)
		add(can_write);
	else if (bufferevent_enable(server, EV_READ) == -1)
		perr_exit("bufferevent_enable");
}

static void on_end(struct bufferevent *bev, short what, void *arg)
{
	(void)bev, (void)arg;
	if (what & BEV_EVENT_ERROR)
		perr_exit(what & BEV_EVENT_READING ? "read from the server"
						   : "write to the server");
	event_base_loopbreak(base);
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-t SECONDS] [HOST=127.0.0.1 [PORT=1233]]");
	int fd = tcp_connect(opt.host, opt.port, opt.timeout);
	set_nonblocking(fd); /* not stdin and stdout: the shell shares their flags */

	/* EV_FEATURE_FDS: not epoll, which refuses regular files, and stdin may be one. */
	struct event_config *config = event_config_new();
	if (config == NULL || event_config_require_features(config, EV_FEATURE_FDS) == -1 ||
	    (base = event_base_new_with_config(config)) == NULL)
		perr_exit("event_base_new");
	event_config_free(config);

	server = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	can_read = event_new(base, STDIN_FILENO, EV_READ, on_stdin, NULL);
	can_write = event_new(base, STDOUT_FILENO, EV_WRITE, on_stdout, NULL);
	if (server == NULL || can_read == NULL || can_write == NULL)
		perr_exit("event_new");
	in = bufferevent_get_input(server);
	out = bufferevent_get_output(server);
	bufferevent_setcb(server, on_received, on_sent, on_end, NULL);
	if (bufferevent_enable(server, EV_READ) == -1) /* writing is enabled from the start */
		perr_exit("bufferevent_enable");
	add(can_read);
	if (event_base_dispatch(base) == -1)
		perr_exit("event_base_dispatch");
	event_free(can_read);
	event_free(can_write);
	bufferevent_free(server);
	event_base_free(base);
	return client_status(all_read, sent, received);
}
