/*
 * No client may end, stall or bloat the server. Every level ends with a client that is answered,
 * because a server that does nothing is not stalled either.
 */
#include "tests/grade/trials_rough.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/grade/bulk.h"
#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/story.h"
#include "tests/grade/usage.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define OFFERED ((size_t)96 << 20)   /* so much is sent to a server whose answers nobody reads */
#define BUFFERS ((size_t)64 << 20)   /* more than the sockets of both sides hold */
#define MOST_GROWTH_KIB (48L * 1024) /* a runtime may take a heap for its buffers */
#define PINGS 50

static char *owed_text;

/* A write that is interrupted returns what it has written so far: write(2). */
static void stop_in_the_middle(void)
{
	program_stop();
	program_continue();
}

static void stop_and_continue(void)
{
	enum { BYTES = 12000000 }; /* more than the buffers of both sides hold */
	int fd = visit_connect();

	visit_send(fd, "before\n");
	visit_hear(fd, "before\n");
	program_stop();
	program_continue();
	visit_send(fd, "after\n");
	visit_hear(fd, "after\n");
	visit_close(fd);
	visit_once("next\n");
	next_part();
	owed_text = bulk_text(BYTES);
	bulk_owed(visit_connect(), owed_text, BYTES, stop_in_the_middle);
	free(owed_text);
}

static void half_line(void)
{
	int fd = visit_connect();

	visit_send(fd, "half a ");
	visit_once("a whole one\n");
	visit_send(fd, "line\n");
	visit_hear(fd, "half a line\n");
}

static void never_reads(void)
{
	static struct pids servers;

	visit_once("before\n");
	program_servers(&servers);
	long before = usage_of(&servers).anon_kib;
	next_part();
	int fd = visit_connect();
	size_t taken = bulk_push(fd, OFFERED);
	program_servers(&servers);
	long grown = usage_of(&servers).anon_kib - before;
	expecting("that it stops reading while its answers are not read");
	if (taken > BUFFERS)
		fails("grows", "it took %zu MB, and its memory grew by %ld KiB", taken >> 20,
		      grown);
	expecting("at most %ld KiB more memory", MOST_GROWTH_KIB);
	if (grown > MOST_GROWTH_KIB)
		fails("grows", "%ld KiB more", grown);
	visit_once("beside it\n");
	program_rests("beside the client that does not read");
	visit_reset(fd);
	visit_once("next\n");
}

/* One that sends and reads as fast as it can, and what it has done so far. */
struct flooder {
	int fd;
	size_t sent, got;
};

/* Lets the flooder do what it can until FD has something to read. */
static void flood_until(struct flooder *f, int fd, int64_t until)
{
	static char block[65536];
	struct pollfd p[] = {{.fd = fd, .events = POLLIN},
			     {.fd = f->fd, .events = POLLIN | POLLOUT}};

	while (clock_ms() < until && poll(p, 2, 100) != -1 && p[0].revents == 0) {
		ssize_t n = 0;
		if (p[1].revents & POLLIN && (n = recv(f->fd, block, sizeof(block), 0)) > 0)
			f->got += (size_t)n;
		memset(block, '\n', sizeof(block));
		if (p[1].revents & POLLOUT &&
		    (n = send(f->fd, block, sizeof(block), MSG_NOSIGNAL)) > 0)
			f->sent += (size_t)n;
	}
}

static void flooder(void)
{
	struct flooder f = {.fd = -1};

	after("a client that sends and reads as fast as it can; beside it %d lines, each after the "
	      "answer to the one before",
	      PINGS);
	story_quiet(true);
	f.fd = visit_connect();
	int fd = visit_connect();
	for (int i = 0; i < PINGS; i++) {
		visit_send(fd, "ping\n");
		flood_until(&f, fd, answer_by());
		visit_hear(fd, "ping\n");
	}
	expecting("that the flooder gets answers too");
	flood_until(&f, fd, clock_ms() + 1);
	for (int64_t until = answer_by(); f.got == 0 && clock_ms() < until;)
		flood_until(&f, fd, clock_ms() + 10);
	if (f.got == 0)
		fails("silent", "%zu bytes were taken, none came back", f.sent);
}

const struct trial trials_rough[] = {{"Ctrl-Z and fg", stop_and_continue},
				     {"half a line", half_line},
				     {"never reads", never_reads},
				     {"flooder", flooder},
				     {NULL, NULL}};
