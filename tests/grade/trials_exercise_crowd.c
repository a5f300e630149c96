/*
 * What exercises ask of several clients at the same time: how many there may be, that a count is
 * exact, that a slow one delays nobody, and that a line reaches all of them.
 */
#include "tests/grade/trials_exercise_crowd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/grade/launch.h"
#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/sockets.h"
#include "tests/grade/story.h"
#include "tests/grade/usage.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define QUIET_MS 200 /* so long without an answer means that none comes */

static void at_most_four(void)
{
	enum { MOST = 4 };
	static struct pids servers;
	int fds[MOST], rounds = 3;

	for (int i = 0; i < MOST; i++) {
		fds[i] = visit_connect();
		visit_send(fds[i], "one of four\n");
		visit_hear(fds[i], "one of four\n");
	}
	while (rounds-- > 0) {
		int fifth = visit_connect();
		visit_send(fifth, "the fifth\n");
		expecting("no answer while %d others are connected", MOST);
		if (visit_wait(fifth, POLLIN, clock_ms() + QUIET_MS))
			fails("answered", "an answer, or the end");
		program_servers(&servers);
		int processes = usage_of(&servers).processes;
		expecting("at most %d processes", MOST + 1);
		if (processes > MOST + 1)
			fails("many", "%d", processes);
		after("one of the four leaves");
		visit_close(fds[0]);
		visit_hear(fifth, "the fifth\n");
		fds[0] = fifth;
		next_part();
	}
}

static void exact_count(void)
{
	enum { CLIENTS = 8, ROUNDS = 60, LINES = 100 };
	char block[LINES * 2], count[32];
	int fds[CLIENTS], asks = visit_connect();

	visit_send(asks, "STAT\n");
	visit_hear(asks, "0\n");
	for (int i = 0; i < LINES; i++)
		memcpy(block + 2 * (size_t)i, "x\n", 2);
	after("%d clients send %d lines each, all at the same time", CLIENTS, ROUNDS * LINES);
	story_quiet(true);
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = visit_connect();
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < CLIENTS; i++)
			visit_send_bytes(fds[i], block, sizeof(block));
		for (int i = 0; i < CLIENTS; i++)
			visit_hear_bytes(fds[i], block, sizeof(block));
	}
	story_quiet(false);
	snprintf(count, sizeof(count), "%d\n", CLIENTS * ROUNDS * LINES);
	visit_send(asks, "STAT\n");
	visit_hear(asks, count);
}

static void beyond_the_set(void)
{
	enum { CLIENTS = 1100 };
	static int fds[CLIENTS];
	char c;

	allow_descriptors();
	after("%d clients, one of which sends a line", CLIENTS);
	story_quiet(true);
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = visit_connect();
	story_quiet(false);
	visit_send(fds[0], "the first\n");
	visit_hear(fds[0], "the first\n");
	expecting("the end of the last one, whose descriptor the set cannot hold");
	if (!visit_wait(fds[CLIENTS - 1], POLLIN, answer_by()))
		fails("open", "nothing for %s", in_seconds(answer_ms()));
	if (recv(fds[CLIENTS - 1], &c, 1, 0) == 1)
		fails("wrong", "an answer to nothing");
	after("all leave");
	for (int i = 0; i < CLIENTS; i++)
		visit_reset(fds[i]);
	visit_once("next\n");
	program_rests("when all have left");
}

static void slow_tasks(void)
{
	enum { SLOW = 4, QUICK = 10, TASK_MS = 1000 };
	int slow[SLOW];

	int64_t start = clock_ms();
	for (int i = 0; i < SLOW; i++) {
		slow[i] = visit_connect();
		visit_send(slow[i], "slow\n");
	}
	for (int i = 0; i < QUICK; i++)
		visit_once("quick\n");
	expecting("the quick answers before the slow ones, which take a second");
	if (clock_ms() - start >= TASK_MS)
		fails("delayed", "the last quick one after %s",
		      in_seconds((int)(clock_ms() - start)));
	expecting("no answer to \"slow\" yet");
	if (visit_wait(slow[0], POLLIN, start + TASK_MS - QUIET_MS))
		fails("early", "one after %s", in_seconds((int)(clock_ms() - start)));
	for (int i = 0; i < SLOW; i++)
		visit_hear(slow[i], "slow\n");
	expecting("all of them at the same time, not one after another");
	if (clock_ms() - start >= 2 * TASK_MS)
		fails("in turn", "the last one after %s", in_seconds((int)(clock_ms() - start)));
}

/* Its first line shows the others that it is there. The first one would tell a second one that
 * comes at the same moment, or nobody. */
static int joins(const int *others, int n)
{
	int fd = visit_connect();

	if (n > 0)
		visit_send(fd, "I am here\n");
	for (int i = 0; i < n; i++)
		visit_hear(others[i], "I am here\n");
	expecting("that nobody gets its own lines");
	if (visit_wait(fd, POLLIN, clock_ms() + QUIET_MS))
		fails("own", "an answer, or the end");
	return fd;
}

static void whole_lines_to_all(int a, int b, int c)
{
	visit_send(a, "half ");
	visit_send(b, "a whole one\n");
	visit_hear(a, "a whole one\n");
	visit_hear(c, "a whole one\n");
	visit_send(a, "a line\nand one more\n");
	visit_hear(b, "half a line\nand one more\n");
	visit_hear(c, "half a line\nand one more\n");
}

static void chat(void)
{
	enum { BLOCKS = 300, BLOCK = 64000 }; /* more than the buffers of both sides hold */
	static char block[BLOCK];
	int all[3], n = 0;

	for (; n < 3; n++)
		all[n] = joins(all, n);
	whole_lines_to_all(all[0], all[1], all[2]);
	next_part();
	for (size_t i = 0; i < BLOCK; i++)
		block[i] = i % 64 == 63 ? '\n' : 'x';
	after("%d MB of lines, which one of the others does not read", BLOCKS * BLOCK / 1000000);
	story_quiet(true);
	for (int i = 0; i < BLOCKS; i++) {
		visit_send_bytes(all[0], block, BLOCK);
		visit_hear_bytes(all[1], block, BLOCK);
	}
	story_quiet(false);
	visit_reset(all[2]);
	visit_send(all[1], "who is left?\n");
	visit_hear(all[0], "who is left?\n");
}

/* How many sockets listen on the port of the program. */
static int listening(void)
{
	enum { MOST = 4096 };
	static struct waiting list[MOST];
	int n = 0, all = sockets_on_ports(list, MOST);

	for (int i = 0; i < all; i++)
		n += !list[i].datagram && list[i].port == program_at.port;
	return n;
}

static void a_loop_for_each_core(void)
{
	enum { LEAST = 2, VISITS = 20 };
	static struct pids holders;
	int n, parent;
	char state;

	visit_once("before\n");
	expecting("%d sockets or more that listen on its port", LEAST);
	if ((n = listening()) < LEAST)
		fails("one", "%d", n);
	program_holders(&holders);
	expecting("that other processes than the first one have them");
	for (n = holders.n - 1; n >= 0 && holders.pid[n] == program_main();)
		n--;
	if (n < 0)
		fails("one", "no other process");
	kill(holders.pid[n], SIGKILL);
	after("kill -KILL one of these processes; %d clients, one after another", VISITS);
	story_quiet(true);
	while (process_state(holders.pid[n], &state, &parent) && state != 'Z' && level_left() > 0)
		nap_ms(1);
	for (int i = 0; i < VISITS; i++)
		visit_once("after\n");
	story_quiet(false);
}

const struct trial trials_exercise_crowd[] = {{"children", at_most_four},
					      {"stat", exact_count},
					      {"fdset", beyond_the_set},
					      {"slow", slow_tasks},
					      {"chat", chat},
					      {"cores", a_loop_for_each_core},
					      {NULL, NULL}};
