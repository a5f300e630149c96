/*
 * Bugs that need several clients ready at one wake-up show when their lines are short and there
 * together, so the server is frozen while they are sent.
 */
#include "tests/grade/trials_crowd.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/usage.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define CROWD 50
#define QUEUE_MS 30 /* so long without room means that its queue is full */

static void line_of(char line[32], int i)
{
	snprintf(line, 32, "this is client %d\n", i);
}

static void send_lines(const int *fds, int from, int to)
{
	char line[32];

	for (int i = from; i < to; i++) {
		line_of(line, i);
		visit_send(fds[i], line);
	}
}

static void hear_line(int fd, int i)
{
	char line[32];

	line_of(line, i);
	visit_hear(fd, line);
}

/* A crew serves as many clients at a time as it has workers: there each leaves when it is answered.
 */
static bool all_stay(void)
{
	return strcmp(settings.kind, "crew") != 0;
}

/*
 * N clients come with a line each. While it is frozen no more can come than its queue has room for,
 * the backlog of listen(2); unless a crew must serve them first, the others come when it runs
 * again.
 */
static int crowd_comes(int *fds, int n)
{
	int there = 0;

	program_freeze();
	after("%d clients connect and send a line each", n);
	story_quiet(true);
	while (there < n && (fds[there] = visit_try_connect(QUEUE_MS)) != -1)
		there++;
	send_lines(fds, 0, there);
	story_quiet(false);
	program_thaw();
	story_quiet(true);
	if (all_stay()) {
		for (int i = there; i < n; i++)
			fds[i] = visit_connect();
		send_lines(fds, there, n);
		there = n;
	}
	return there;
}

static void crowd_is_answered(const int *fds, int n)
{
	for (int i = 0; i < n; i++) {
		hear_line(fds[i], i);
		if (!all_stay())
			visit_close(fds[i]);
	}
	story_quiet(false);
}

/* Data of all, and the end of some, wait together. */
static void crowd_asks_again(const int *fds, int n)
{
	program_freeze();
	after("each sends another line, and every third one its end");
	story_quiet(true);
	send_lines(fds, 0, n);
	for (int i = 0; i < n; i += 3)
		shutdown(fds[i], SHUT_WR);
	story_quiet(false);
	program_thaw();
	story_quiet(true);
	for (int i = 0; i < n; i++) {
		hear_line(fds[i], i);
		visit_close(fds[i]); /* the end is another level's */
	}
	story_quiet(false);
}

static void many_at_once(void)
{
	int fds[CROWD];

	after("a client that is silent");
	int silent = visit_connect();
	visit_once("beside it\n");
	visit_send(silent, "no longer silent\n");
	visit_hear(silent, "no longer silent\n");
	program_rests("beside this client");
	visit_close(silent);
	next_part();
	int n = crowd_comes(fds, CROWD);
	crowd_is_answered(fds, n);
	if (all_stay())
		crowd_asks_again(fds, n);
	visit_once("next\n");
}

/* Whether a server has as many descriptors as it may have: then clients that wait are no fault. */
static bool is_full(void)
{
	static struct pids servers;
	struct rlimit limit;

	program_servers(&servers);
	for (int i = 0; i < servers.n; i++)
		if (prlimit(servers.pid[i], RLIMIT_NOFILE, NULL, &limit) == 0 &&
		    (rlim_t)highest_descriptor(servers.pid[i]) + 1 >= limit.rlim_cur)
			return true;
	return false;
}

/* One beyond those that must be answered: it is answered, closed, or no descriptor is left for it.
 */
static bool is_one_too_many(int i)
{
	char line[32], c;
	int fd = visit_try_connect(answer_ms());

	line_of(line, i);
	if (fd == -1 || send(fd, line, strlen(line), MSG_NOSIGNAL) == -1)
		return false; /* closed */
	if (!visit_wait(fd, POLLIN, answer_by()) && is_full())
		return true;
	if (recv(fd, &c, 1, MSG_PEEK) > 0 || errno == EAGAIN)
		hear_line(fd, i);
	return false;
}

static void many_idle(void)
{
	int n = settings.full ? 5000 : 1000, more = n / 10;
	int *fds = allocate((size_t)n * sizeof(*fds));
	char line[32];

	allow_descriptors();
	after("%d clients connect and send a line each, and stay", n);
	story_quiet(true);
	for (int i = 0; i < n; i++) {
		fds[i] = visit_connect();
		line_of(line, i);
		visit_send(fds[i], line);
	}
	for (int i = 0; i < n; i++)
		hear_line(fds[i], i);
	story_quiet(false);
	after("%d more, which may be closed instead of being answered", more);
	story_quiet(true);
	for (int i = n; i < n + more; i++)
		if (is_one_too_many(i))
			break;
	story_quiet(false);
	after("one more line of the first, and of number %d", n);
	story_quiet(true);
	for (int i = 0; i < n; i += n - 1) {
		line_of(line, i);
		visit_send(fds[i], line);
		hear_line(fds[i], i);
	}
	free(fds);
}

const struct trial trials_crowd[] = {
    {"many at once", many_at_once}, {"1,000 idle", many_idle}, {NULL, NULL}};
