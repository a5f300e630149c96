/* The reactor's promises, one by one: epoll/reactor.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "epoll/reactor.h"
#include "tests/check.h"
#include "tests/talk.h"

#define PAIRS 4

static struct reactor *r;
static int ours[PAIRS], theirs[PAIRS]; /* the ends of socket pairs */
static char calls[256];		       /* what was called: the arguments' first letters */
static int64_t started;

static void note(const char *arg)
{
	size_t n = strlen(calls);

	if (n + 1 < sizeof(calls)) {
		calls[n] = arg[0];
		calls[n + 1] = '\0';
	}
}

/* A new reactor and fresh pairs, of which all of ours can be read. */
static void begin(void)
{
	calls[0] = '\0';
	if ((r = reactor_new()) == NULL)
		die_errno("reactor_new");
	for (int i = 0; i < PAIRS; i++) {
		int fds[2];
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
			die_errno("socketpair");
		ours[i] = fds[0];
		theirs[i] = fds[1];
		if (write(theirs[i], "x", 1) != 1)
			die_errno("write");
	}
	started = clock_ms();
}

static void end(void)
{
	reactor_free(r);
	for (int i = 0; i < PAIRS; i++) {
		close(ours[i]);
		close(theirs[i]);
	}
}

static void run_loop(void)
{
	expect("run returns", 0, reactor_run(r));
}

static void take(int fd)
{
	char c;

	if (recv(fd, &c, 1, MSG_DONTWAIT) == -1 && errno != EAGAIN) /* calls[] shows a wrong call */
		die_errno("recv");
}

static void on_stop(struct reactor *same, int fd, uint32_t events, void *arg)
{
	(void)fd;
	(void)events;
	note(arg);
	reactor_stop(same);
}

static void on_take(struct reactor *same, int fd, uint32_t events, void *arg)
{
	(void)same;
	(void)events;
	note(arg);
	take(fd);
}

/* The first that is called removes all the others, which the same wait found ready. */
static void on_remove_others(struct reactor *same, int fd, uint32_t events, void *arg)
{
	(void)events;
	note(arg);
	for (int i = 0; i < PAIRS - 1; i++)
		if (ours[i] != fd)
			reactor_remove(same, ours[i]);
	take(fd);
}

static void remove_others(void)
{
	begin();
	for (int i = 0; i < PAIRS - 1; i++)
		reactor_add(r, ours[i], EPOLLIN, on_remove_others, "a");
	reactor_add(r, ours[PAIRS - 1], 0, on_stop, "s");
	reactor_timeout(r, ours[PAIRS - 1], 50);
	run_loop();
	expect_text("what is removed while the loop delivers is not called", "as", calls);
	end();
}

static void on_remove_self(struct reactor *same, int fd, uint32_t events, void *arg)
{
	(void)events;
	note(arg);
	reactor_remove(same, fd);
}

static void on_close_self(struct reactor *same, int fd, uint32_t events, void *arg)
{
	(void)events;
	note(arg);
	close(fd);
	reactor_remove(same, fd);
	ours[1] = dup(theirs[3]); /* the lowest free number: the same */
	expect("the descriptor's number is in use again", fd, ours[1]);
	expect("it can be added again", 0, reactor_add(same, fd, 0, on_take, "n"));
}

static void remove_self(void)
{
	begin();
	reactor_add(r, ours[0], EPOLLIN, on_remove_self, "0");
	reactor_add(r, ours[1], EPOLLIN, on_close_self, "1");
	reactor_add(r, ours[2], 0, on_stop, "s");
	reactor_timeout(r, ours[2], 30);
	run_loop();
	expect_text("each is called once, having removed itself", "01s", calls);
	end();
}

/* Closes the next one, which is ready too, and puts another one in its place. */
static void on_replace(struct reactor *same, int fd, uint32_t events, void *arg)
{
	(void)events;
	note(arg);
	take(fd);
	reactor_remove(same, ours[1]);
	close(ours[1]);
	ours[1] = dup(theirs[3]); /* the same number, and nothing to read */
	reactor_add(same, ours[1], EPOLLIN, on_take, "w");
}

static void replace(void)
{
	begin();
	reactor_add(r, ours[0], EPOLLIN, on_replace, "0");
	reactor_add(r, ours[1], EPOLLIN, on_take, "1");
	reactor_add(r, ours[2], 0, on_stop, "s");
	reactor_timeout(r, ours[2], 30);
	run_loop();
	expect_text("a new event is not called with what was ready for a removed one", "0s", calls);
	end();
}

/* Adds so many that the table moves under the loop. */
static void on_add(struct reactor *same, int fd, uint32_t events, void *arg)
{
	(void)events;
	note(arg);
	take(fd);
	int far = fcntl(ours[1], F_DUPFD, 700);
	if (far == -1)
		die_errno("F_DUPFD");
	expect("add in a call-back", 0, reactor_add(same, far, EPOLLIN, on_remove_self, "f"));
	expect("a second event on it is refused", -1, reactor_add(same, far, 0, on_take, "-"));
	expect("with EEXIST", EEXIST, errno);
	expect("change of one not added is refused", -1, reactor_change(same, ours[2], 0));
	expect("with ENOENT", ENOENT, errno);
}

static void add_while_running(void)
{
	begin();
	allow_descriptors();
	reactor_add(r, ours[0], EPOLLIN, on_add, "a");
	reactor_add(r, ours[3], 0, on_stop, "s");
	reactor_timeout(r, ours[3], 30);
	run_loop();
	expect_text("what a call-back adds is called, the others still", "afs", calls);
	end();
}

static void refused(void)
{
	int fd = open("/dev/null", O_RDONLY);

	begin();
	reactor_remove(r, -1); /* nothing there: nothing happens */
	expect("a file is refused", -1, reactor_add(r, fd, EPOLLIN, on_take, "-"));
	expect("with EPERM", EPERM, errno);
	reactor_remove(r, fd);
	reactor_remove(r, 1 << 30);
	close(fd);
	end();
}

static void on_change(struct reactor *same, int fd, uint32_t events, void *arg)
{
	note(arg);
	note(events == EPOLLIN ? "i" : events == EPOLLOUT ? "o" : "?");
	if (events == EPOLLIN)
		expect("change", 0, reactor_change(same, fd, EPOLLOUT));
	else
		reactor_stop(same);
}

static void change(void)
{
	begin();
	reactor_add(r, ours[0], EPOLLIN, on_change, "c");
	run_loop();
	expect_text("what is waited for changes", "cico", calls);
	end();
}

static void stop_at_once(void)
{
	begin();
	for (int i = 0; i < PAIRS; i++)
		reactor_add(r, ours[i], EPOLLIN, on_stop, "s");
	run_loop();
	expect_text("stop: no other call-back is called", "s", calls);
	run_loop();
	expect_text("and it runs again, and reports what is still ready", "ss", calls);
	end();
}

static void on_tick(struct reactor *same, int fd, uint32_t events, void *arg)
{
	expect("a time-out is reported as 0", 0, (long)events);
	note(arg);
	if (strlen(calls) == 3)
		reactor_stop(same);
	else if (strlen(calls) == 2)
		reactor_timeout(same, fd, 20); /* from 60 */
}

static void timeouts(void)
{
	begin();
	reactor_add(r, ours[0], 0, on_tick, "t");
	reactor_timeout(r, ours[0], 60);
	run_loop();
	int64_t took = clock_ms() - started;
	expect_text("a time-out comes again", "ttt", calls);
	expect("after 60, 60 and 20 ms, not before", 1, took >= 140);
	expect("and not long after", 1, took < 2000);
	end();
}

/* The time-out counts from the last byte, because every event that is reported renews it. */
static void on_busy(struct reactor *same, int fd, uint32_t events, void *arg)
{
	if (events == 0) {
		note(arg);
		reactor_stop(same);
		return;
	}
	take(fd);
	if (strlen(calls) < 4) {
		note("b");
		reactor_timeout(same, ours[1], 200); /* its call-back sends the next byte */
	}
}

static void on_send(struct reactor *same, int fd, uint32_t events, void *arg)
{
	(void)events;
	(void)arg;
	reactor_timeout(same, fd, 0);
	started = clock_ms(); /* what it sends is reported after this */
	if (write(theirs[0], "x", 1) != 1)
		die_errno("write");
}

static void pushed_forward(void)
{
	begin();
	reactor_add(r, ours[0], EPOLLIN, on_busy, "t");
	reactor_timeout(r, ours[0], 600);
	reactor_add(r, ours[1], 0, on_send, "");
	run_loop();
	expect_text("a time-out counts from the last event", "bbbbt", calls);
	expect("and comes as long after that", 1, clock_ms() - started >= 595);
	end();
}

/* Takes longer than the others' time-outs. With '!' the next one's data comes only after that. */
static void on_slow(struct reactor *same, int fd, uint32_t events, void *arg)
{
	(void)same;
	(void)events;
	note(arg);
	take(fd);
	poll(NULL, 0, 120);
	started = clock_ms(); /* the next one is reported after this */
	if (((const char *)arg)[1] == '!' && write(theirs[1], "x", 1) != 1)
		die_errno("write");
}

/* Notes its argument when there is data; notes t and ends the run when there was silence. */
static void on_silence(struct reactor *same, int fd, uint32_t events, void *arg)
{
	if (events == 0) {
		note("t");
		reactor_stop(same);
		return;
	}
	note(arg);
	take(fd);
}

static void late_is_not_silent(void)
{
	begin();
	reactor_add(r, ours[0], EPOLLIN, on_slow, "a");
	reactor_add(r, ours[1], EPOLLIN, on_silence, "b");
	reactor_timeout(r, ours[1], 60);
	run_loop();
	expect_text("the time-out of an event that is reported late counts from then", "abt",
		    calls);
	expect("and not from when it was found", 1, clock_ms() - started >= 60);
	end();

	begin();
	take(ours[1]);
	reactor_add(r, ours[0], EPOLLIN, on_slow, "a!");
	reactor_add(r, ours[1], EPOLLIN, on_silence, "b");
	reactor_timeout(r, ours[1], 60);
	run_loop();
	expect_text("what is ready by the end of its time is not silent", "abt", calls);
	end();
}

/* Makes the loop wait for nothing on the next one, which is ready too. */
static void on_change_next(struct reactor *same, int fd, uint32_t events, void *arg)
{
	(void)events;
	note(arg);
	take(fd);
	expect("change of the next", 0, reactor_change(same, ours[1], 0));
}

static void change_while_running(void)
{
	begin();
	reactor_add(r, ours[0], EPOLLIN, on_change_next, "0");
	reactor_add(r, ours[1], EPOLLIN, on_take, "1");
	reactor_add(r, ours[2], 0, on_stop, "s");
	reactor_timeout(r, ours[2], 30);
	run_loop();
	expect_text("what is changed while the loop delivers is not called", "0s", calls);
	end();
}

/* epoll goes on reporting a descriptor that was closed while a copy of it is open. */
static void removed_copy(void)
{
	begin();
	int fd = dup(ours[0]);
	reactor_add(r, fd, EPOLLIN, on_take, "-");
	close(fd);
	reactor_remove(r, fd);
	reactor_add(r, ours[2], 0, on_stop, "s");
	reactor_timeout(r, ours[2], 30);
	run_loop();
	expect_text("nobody is called for it", "s", calls);
	end();
}

int main(void)
{
	remove_others();
	remove_self();
	replace();
	add_while_running();
	refused();
	change();
	stop_at_once();
	timeouts();
	pushed_forward();
	late_is_not_silent();
	change_while_running();
	removed_copy();
	return checked();
}
