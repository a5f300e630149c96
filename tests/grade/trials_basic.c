/*
 * What an echo server is for: bytes come back, all of them, to one client after another. A server
 * that waits for whole lines is no worse here than one that answers each byte; only the end of a
 * line, or of the stream, obliges it to answer.
 */
#include "tests/grade/trials_basic.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/grade/bulk.h"
#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/story.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define MEGABYTE 1000000
#define OWED 12000000 /* more than the buffers of both sides hold */
#define IN_A_ROW 10

static void answers(void)
{
	int fd = visit_connect();

	visit_send(fd, "hello\n");
	visit_hear(fd, "hello\n");
	visit_close(fd);
}

static void answers_again(void)
{
	int fd = visit_connect();

	visit_send(fd, "hello\n");
	visit_hear(fd, "hello\n");
	visit_send(fd, "again\n");
	visit_hear(fd, "again\n");
	visit_close(fd);
	passes();
	/* From here on it is only found out whether later levels may freeze it. */
	program_stop();
	program_continue();
	visit_once("not ended by that?\n");
	story->freezable = !program_gone();
}

/* All values of a byte, and a newline. */
static void each_value(int fd)
{
	char bytes[257];

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	bytes[256] = '\n';
	visit_send_bytes(fd, bytes, sizeof(bytes));
	visit_hear_bytes(fd, bytes, sizeof(bytes));
}

static void every_byte(void)
{
	int fd = visit_connect();

	each_value(fd);
	next_part();
	after("on one connection");
	visit_send(fd, "two\nlines\n");
	visit_hear(fd, "two\nlines\n");
	/* Let it read the first half by itself; if it waits for the line's end, nothing comes. */
	visit_send(fd, "half and ");
	visit_wait(fd, POLLIN, clock_ms() + 50);
	visit_send(fd, "half\n");
	visit_hear(fd, "half and half\n");
	for (const char *c = "drop by drop\n"; *c != '\0'; c++)
		visit_send_bytes(fd, c, 1);
	visit_hear(fd, "drop by drop\n");
	next_part();
	char *text = bulk_text(MEGABYTE);
	bulk_exchange(fd, text, MEGABYTE);
	free(text);
	visit_close(fd);
}

static void one_after_another(void)
{
	after("the first of %d clients", IN_A_ROW);
	visit_once("first\n");
	next_part();
	after("%d clients, each after the one before has left", IN_A_ROW);
	for (int i = 1; i < IN_A_ROW; i++) {
		char line[32];
		snprintf(line, sizeof(line), "client %d\n", i + 1);
		visit_once(line);
		story_quiet(i > 2);
	}
}

/* The data and the end are one event for a server that is frozen meanwhile. */
static void end_behind_data(void)
{
	next_part();
	program_freeze();
	int fd = visit_connect();
	visit_send(fd, "and that was all\n");
	visit_half_close(fd);
	program_thaw();
	visit_hear(fd, "and that was all\n");
	visit_end(fd);
}

static void half_close(void)
{
	int fd = visit_connect();

	visit_send(fd, "abc\n");
	visit_half_close(fd);
	visit_hear(fd, "abc\n");
	visit_end(fd);
	next_part();
	fd = visit_connect();
	visit_send(fd, "no newline");
	visit_half_close(fd);
	visit_hear(fd, "no newline");
	visit_end(fd);
	for (int i = 0; i < 3; i++)
		end_behind_data();
	next_part();
	char *text = bulk_text(OWED);
	bulk_owed(visit_connect(), text, OWED, NULL);
	free(text);
	next_part();
	visit_once("the next client\n");
}

/*
 * Sends the first BYTES of TEXT and reads them back, TIMES times; most must not take 40 ms. The
 * bound is the same on a slow machine, because that is how long the kernel waits there, too.
 */
static void without_pause(int fd, const char *text, size_t bytes, int times)
{
	const int bound = 30;
	int slow = 0;

	after("%d times: send %zu bytes, read them back", times, bytes);
	story_quiet(true);
	for (int i = 0; i < times; i++) {
		int64_t start = clock_ms();
		bulk_exchange(fd, text, bytes);
		slow += clock_ms() - start > bound;
	}
	expecting("each time less than %s", in_seconds(bound));
	if (slow > times / 2)
		fails("pauses", "%d of them took longer", slow);
}

/*
 * An answer in two pieces takes 40 ms when the second one waits for the client's acknowledgement of
 * the first: tcp(7), TCP_NODELAY. With short ones the kernel acknowledges some at once, at first.
 */
static void no_pauses(void)
{
	enum { MANY_BYTES = 16384 };
	char *text = bulk_text(MANY_BYTES);
	int fd = visit_connect();

	without_pause(fd, text, MANY_BYTES, 20);
	next_part();
	without_pause(fd, text, 64, 60);
	free(text);
}

const struct trial trials_basic[] = {{"answers", answers},
				     {"answers again", answers_again},
				     {"every byte", every_byte},
				     {"one after another", one_after_another},
				     {"half-close", half_close},
				     {"no pauses", no_pauses},
				     {NULL, NULL}};
