/*
 * Datagrams keep their borders: one comes, one goes back to where it came from. On the loopback
 * none is lost as long as its receiver has room, so an answer that does not come is the server's
 * doing.
 */
#include "tests/grade/trials_datagram.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/grade/bulk.h"
#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define CLIENTS 20 /* fit the queue of a socket together */
#define UNREAD 100 /* more answers than a client's queue on a path holds */

static void every_size(void)
{
	static const size_t sizes[] = {1, 512, 1472, 1473, 9000, 60000};
	char bytes[256];
	int fd = visit_connect();

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	visit_send_bytes(fd, bytes, sizeof(bytes));
	visit_hear_bytes(fd, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		next_part();
		char *text = bulk_text(sizes[i]);
		visit_send_bytes(fd, text, sizes[i]);
		visit_hear_bytes(fd, text, sizes[i]);
		free(text);
	}
	next_part();
	visit_send(fd, ""); /* which is no end of anything */
	visit_send(fd, "behind the empty one\n");
	visit_hear(fd, "behind the empty one\n");
}

static void to_each_its_own(void)
{
	int fds[CLIENTS];
	char line[32];

	after("%d clients send a datagram each, before any answer is read", CLIENTS);
	story_quiet(true);
	program_freeze();
	for (int i = 0; i < CLIENTS / 2; i++) { /* a socket on a path holds about ten */
		fds[i] = visit_connect();
		snprintf(line, sizeof(line), "client %d\n", i);
		visit_send(fds[i], line);
	}
	program_thaw();
	for (int i = CLIENTS / 2; i < CLIENTS; i++) {
		fds[i] = visit_connect();
		snprintf(line, sizeof(line), "client %d\n", i);
		visit_send(fds[i], line);
	}
	for (int i = 0; i < CLIENTS; i++) {
		snprintf(line, sizeof(line), "client %d\n", i);
		visit_hear(fds[i], line);
	}
}

/* On a path it can fill the server's way back to it, which blocks a send that waits. */
static void does_not_read(void)
{
	int fd = visit_connect();

	after("send %d datagrams and read no answer", UNREAD);
	for (int i = 0; i < UNREAD && visit_wait(fd, POLLOUT, clock_ms() + 200); i++)
		send(fd, "unread\n", 7, MSG_NOSIGNAL);
	visit_once("beside it\n");
}

static void goes_on(void)
{
	visit_once("before\n");
	next_part();
	program_freeze();
	int fd = visit_connect();
	visit_send(fd, "has gone before the answer comes\n");
	visit_close(fd);
	program_thaw();
	visit_once("next\n");
	visit_once("and next\n");
	next_part();
	does_not_read();
	program_rests("afterwards");
}

const struct trial trials_datagram[] = {{"every size", every_size},
					{"to each its own", to_each_its_own},
					{"goes on", goes_on},
					{NULL, NULL}};
