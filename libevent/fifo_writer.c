/*
 * The five steps with libevent: make a base, make an event, add it, let the loop run, free them.
 * The event here is a timer: a FIFO with room is always ready, so EV_WRITE would come all the time.
 * Try: libevent/fifo_reader in another terminal, before or after; end either and start it again.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrap/log.h"
#include "wrap/options.h"
#include "wrap/wrap.h"

static const char greeting[] = "hello libevent!!!";
static struct event_base *base;
static int fd; /* the FIFO */

static void open_fifo(void)
{
	struct stat st;

	if (mkfifo(opt.path, 0600) == -1 &&
	    (errno != EEXIST || stat(opt.path, &st) == -1 || !S_ISFIFO(st.st_mode)))
		perr_exit("mkfifo %s", opt.path);
	log_line("waiting for a reader of %s", opt.path);
	if ((fd = open(opt.path, O_WRONLY)) == -1)
		perr_exit("open %s", opt.path);
	fcntl(fd, F_SETFL, O_NONBLOCK); /* a call-back must not wait */
}

static void on_tick(evutil_socket_t none, short what, void *arg)
{
	static int last_error;
	ssize_t n = Write(fd, greeting, sizeof(greeting) - 1);
	int error = n == -1 ? errno : 0;

	(void)none, (void)what, (void)arg;
	/* Report once, and go on, when the reader has left (EPIPE) or does not read (EAGAIN). */
	if (error != 0 && error != last_error)
		complain("write %s", opt.path);
	if (error != 0 && error != EPIPE && error != EAGAIN)
		exit(EXIT_FAILURE);
	last_error = error;
	if (error != 0)
		return;
	log_line("wrote %zd bytes", n);
	if (opt.count > 0 && --opt.count == 0)
		event_base_loopbreak(base);
}

static void on_interrupt(evutil_socket_t signo, short what, void *arg)
{
	(void)signo, (void)what, (void)arg;
	event_base_loopbreak(base);
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-s SECONDS=1] [-n N] [PATH=testfifo]");
	if ((base = event_base_new()) == NULL)
		perr_exit("event_base_new");
	open_fifo();
	struct timeval period = {.tv_sec = (time_t)opt.period};
	period.tv_usec = (suseconds_t)((opt.period - (double)period.tv_sec) * 1e6);
	struct event *tick = event_new(base, -1, EV_PERSIST, on_tick, NULL);
	struct event *interrupt = evsignal_new(base, SIGINT, on_interrupt, NULL);
	if (tick == NULL || event_add(tick, &period) == -1 || interrupt == NULL ||
	    event_add(interrupt, NULL) == -1)
		perr_exit("event_add");

	if (event_base_dispatch(base) == -1)
		perr_exit("event_base_dispatch");
	event_free(tick);
	event_free(interrupt);
	event_base_free(base); /* last: the events belong to it */
	Close(fd);
	return opt.count > 0 ? EXIT_FAILURE : EXIT_SUCCESS; /* interrupted before the last one */
}
