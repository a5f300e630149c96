/*
 * Clients that leave in the middle: while they are read from, while they are written to, and before
 * they are accepted. Only that client may be gone afterwards.
 */
#include "tests/grade/trials_leave.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "tests/grade/bulk.h"
#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define OWED 200000
#define WARM_UP 4000000
#define MUCH 300000
#define LEAVERS 10
#define STILL_MS 200 /* so long without a change means that there will be none */
#define QUEUE_MS 30  /* so long without room means that its queue is full */

/*
 * Waits until the server's socket has all that was sent, read or not, or has no room for more.
 * tcp(7), SIOCOUTQ. On AF_UNIX all has arrived when send returns.
 */
static void arrives(int fd)
{
	int left = 0, before = 0;

	for (int64_t end = clock_ms() + STILL_MS; !settings.path && clock_ms() < end; nap_ms(1)) {
		if (ioctl(fd, SIOCOUTQ, &left) == -1 || left == 0)
			break;
		if (left != before)
			end = clock_ms() + STILL_MS;
		before = left;
	}
}

/*
 * What is written to a client that has closed is answered by a reset, and the next write sends
 * SIGPIPE, if there is one: more must wait than the server reads at once. The kernel lets so much
 * wait only on a connection that has been read from fast: tcp(7), tcp_moderate_rcvbuf.
 */
static void closes_with_much_unread(void)
{
	char *text = bulk_text(WARM_UP);
	int fd = visit_connect();

	bulk_exchange(fd, text, WARM_UP);
	program_freeze();
	free(text);
	bulk_push(fd, MUCH);
	arrives(fd);
	visit_close(fd);
	program_thaw();
	visit_once("next\n");
}

static void resets(void)
{
	int fd = visit_connect();

	visit_send(fd, "to be cut off\n");
	visit_hear(fd, "to be cut off\n");
	visit_reset(fd);
	visit_once("next\n");
	next_part();
	fd = visit_connect();
	bulk_push(fd, OWED);
	visit_reset(fd);
	visit_once("next\n");
	next_part();
	closes_with_much_unread();
}

static void leaves_at_once(void)
{
	next_part();
	program_freeze();
	after("%d clients connect and leave at once, every other one by a reset", LEAVERS);
	story_quiet(true);
	for (int i = 0; i < LEAVERS; i++) {
		int fd = visit_try_connect(QUEUE_MS);
		if (fd == -1)
			break; /* its queue is full */
		if (i % 2 == 0)
			visit_reset(fd);
		else
			visit_close(fd);
	}
	story_quiet(false);
	program_thaw();
	visit_once("next\n");
}

static void reset_and_leave(void)
{
	resets();
	leaves_at_once();
	program_rests("when all have left");
}

const struct trial trials_leave[] = {{"reset and leave", reset_and_leave}, {NULL, NULL}};
