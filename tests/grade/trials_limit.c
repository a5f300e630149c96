/*
 * The server as a process: it starts again where it has been, it ends when it is asked to, and it
 * stands a shortage of descriptors. It must have answered before each of these, or a server that
 * does nothing would do them all.
 */
#include "tests/grade/trials_limit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/usage.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define STOP_MS 1000
#define NEWCOMERS 20
#define SPARE 2 /* descriptors that it may still open */

/* Killed, so that it closes the connection first and nothing is tidied up. */
static void restart(void)
{
	int fd = visit_connect();

	visit_send(fd, "before\n");
	visit_hear(fd, "before\n");
	program_kill();
	program_start_again();
	program_is_ready();
	visit_reset(fd);
	visit_once("after\n");
}

/* The hard limit too, because some runtimes lift their soft one. */
static void limit_descriptors(void)
{
	static struct pids holders;

	program_holders(&holders);
	for (int i = 0; i < holders.n; i++) {
		rlim_t most = (rlim_t)(highest_descriptor(holders.pid[i]) + 1 + SPARE);
		struct rlimit limit = {.rlim_cur = most, .rlim_max = most};
		if (prlimit(holders.pid[i], RLIMIT_NOFILE, &limit, NULL) == -1)
			fails("limit", "prlimit: %s", strerror(errno));
	}
	after("let it have %d descriptors more", SPARE);
}

static int open_descriptors(void)
{
	static struct pids holders;

	program_holders(&holders);
	return usage_of(&holders).descriptors;
}

/* A server may refuse a client while it is short, so the next one comes when it has seen the others
 * leave; or after a while, because it may keep descriptors of its own. */
static void await_descriptors(int most)
{
	for (int64_t end = answer_by(); open_descriptors() > most && clock_ms() < end;)
		nap_ms(3);
}

static void out_of_descriptors(void)
{
	int newcomers[NEWCOMERS], n = 0, fd = visit_connect();

	visit_send(fd, "before\n");
	visit_hear(fd, "before\n");
	int with_one = open_descriptors();
	limit_descriptors();
	after("%d new clients", NEWCOMERS);
	story_quiet(true);
	for (; n < NEWCOMERS && (newcomers[n] = visit_try_connect(scaled_ms(50))) != -1; n++)
		send(newcomers[n], "new\n", 4,
		     MSG_NOSIGNAL); /* it may have closed this one already */
	story_quiet(false);
	after("the one from before");
	visit_send(fd, "still here\n");
	visit_hear(fd, "still here\n");
	program_rests("meanwhile");
	after("all leave");
	for (int i = 0; i < n; i++)
		close(newcomers[i]);
	close(fd);
	await_descriptors(with_one);
	visit_once("next\n");
}

/* How many of its processes run. */
static int running(void)
{
	static struct pids all;
	int n = 0, parent;
	char state;

	program_status(); /* reaps it */
	program_processes(&all);
	for (int i = 0; i < all.n; i++)
		n += process_state(all.pid[i], &state, &parent) && state != 'Z';
	return n;
}

static void ends_at_sigterm(void)
{
	int fd = visit_connect(), bound = scaled_ms(STOP_MS);

	visit_send(fd, "before\n");
	visit_hear(fd, "before\n");
	story_last_look = NULL; /* from here on its end is what is wanted */
	after("kill -TERM, with this client connected");
	expecting("its end within %s", in_seconds(bound));
	if (program_main() == 0 || kill(program_main(), SIGTERM) == -1)
		fails("ended", "it has ended already");
	int64_t end = clock_ms() + bound;
	while (running() > 0 && clock_ms() < end)
		nap_ms(3);
	if (program_ended())
		return;
	if (program_gone())
		fails("children", "%d of its processes still run, without the first", running());
	fails("stays", "it still runs");
}

const struct trial trials_limit[] = {{"restart", restart},
				     {"out of descriptors", out_of_descriptors},
				     {"SIGTERM", ends_at_sigterm},
				     {NULL, NULL}};
