/*
 * The five steps with libevent: make a base, make an event, add it, let the loop run, free them.
 * The event here is a FIFO that can be read; another one is Ctrl-C.
 * Try: libevent/fifo_writer in another terminal, before or after; end either and start it again.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrap/log.h"
#include "wrap/options.h"
#include "wrap/text.h"
#include "wrap/wrap.h"

#define READ_BYTES 1024

static struct event_base *base;
static struct event *readable;

static void on_readable(evutil_socket_t fd, short what, void *arg);

static void open_fifo(void)
{
	struct stat st;

	if (mkfifo(opt.path, 0600) == -1 &&
	    (errno != EEXIST || stat(opt.path, &st) == -1 || !S_ISFIFO(st.st_mode)))
		perr_exit("mkfifo %s", opt.path);
	log_line("waiting for a writer of %s", opt.path);
	int fd = open(opt.path, O_RDONLY | O_NONBLOCK); /* the loop, not open, waits for a writer */
	if (fd == -1)
		perr_exit("open %s", opt.path);
	readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, NULL);
	if (readable == NULL || event_add(readable, NULL) == -1)
		perr_exit("event_add");
}

static void close_fifo(struct event *ev)
{
	int fd = event_get_fd(ev);

	event_free(ev); /* takes it out of the loop first */
	Close(fd);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	char buf[READ_BYTES], text[4 * READ_BYTES + 1];
	struct event *old = readable;
	ssize_t n = Read(fd, buf, sizeof(buf));

	(void)what, (void)arg;
	if (n == -1 && errno != EAGAIN)
		perr_exit("read");
	if (n > 0) {
		printable(text, sizeof(text), buf, (size_t)n);
		if (dprintf(STDOUT_FILENO, "read %zd bytes: %s\n", n, text) < 0)
			perr_exit("write stdout");
	} else if (n == 0) {
		/* A FIFO whose writer has left stays ready; one that is opened again does not. */
		log_line("the writer has left");
		open_fifo(); /* before the other is closed, so that no writer misses its reader */
		close_fifo(old);
	}
}

static void on_interrupt(evutil_socket_t signo, short what, void *arg)
{
	(void)signo, (void)what, (void)arg;
	event_base_loopbreak(base);
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[PATH=testfifo]");
	if ((base = event_base_new()) == NULL)
		perr_exit("event_base_new");
	open_fifo();
	struct event *interrupt = evsignal_new(base, SIGINT, on_interrupt, NULL);
	if (interrupt == NULL || event_add(interrupt, NULL) == -1)
		perr_exit("event_add");

	if (event_base_dispatch(base) == -1)
		perr_exit("event_base_dispatch");
	close_fifo(readable);
	event_free(interrupt);
	event_base_free(base); /* last: the events belong to it */
	return EXIT_SUCCESS;
}
