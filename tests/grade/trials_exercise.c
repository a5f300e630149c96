/*
 * What exercises ask of one connection: whole lines, an end for a client that is idle, the right
 * kind of event, and of a client that it tries again when the network loses. A trial that expects
 * no answer waits a fifth of a second for one: a wrong answer that comes later is not seen, but no
 * server that is right loses.
 */
#include "tests/grade/trials_exercise.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/stage.h"
#include "tests/grade/story.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define QUIET_MS 200
#define MOST_LINE 1024 /* bytes, with the newline */
#define IDLE_MS 1000
#define EARLY_MS 100 /* clocks and timers are not that exact */

static void whole_lines(void)
{
	char longest[MOST_LINE], too_long[2 * MOST_LINE];
	int fd = visit_connect();

	visit_send(fd, "half ");
	expecting("no answer before the line has ended");
	if (visit_wait(fd, POLLIN, clock_ms() + QUIET_MS))
		fails("early", "an answer, or the end");
	visit_send(fd, "a line\nand the next one");
	visit_hear(fd, "half a line\n");
	visit_half_close(fd);
	visit_hear(fd, "and the next one");
	visit_end(fd);
	next_part();
	memset(longest, 'x', sizeof(longest));
	longest[MOST_LINE - 1] = '\n';
	fd = visit_connect();
	visit_send_bytes(fd, longest, sizeof(longest));
	visit_hear_bytes(fd, longest, sizeof(longest));
	next_part();
	memset(too_long, 'x', sizeof(too_long));
	visit_send_bytes(fd, too_long, sizeof(too_long));
	expecting("the end of this connection, because no line is that long");
	if (!visit_wait(fd, POLLIN, answer_by()))
		fails("open", "nothing for %s", in_seconds(answer_ms()));
	if (recv(fd, too_long, 1, 0) == 1)
		fails("wrong", "an answer");
	visit_once("next\n");
}

static void idle_clients(void)
{
	int silent = visit_connect(), busy = visit_connect();
	int64_t start = clock_ms(), latest = start + IDLE_MS + answer_ms();

	after("this one is silent, the other one sends a line every 0.1 s");
	expecting("the end of the silent one after a second");
	while (!visit_wait(silent, POLLIN, clock_ms() + 100) && clock_ms() < latest) {
		story_quiet(true);
		visit_send(busy, "busy\n");
		visit_hear(busy, "busy\n");
		story_quiet(false);
		expecting("the end of the silent one after a second");
	}
	int64_t took = clock_ms() - start;
	if (took < IDLE_MS - EARLY_MS)
		fails("early", "its end after %s", in_seconds((int)took));
	visit_end(silent);
	visit_send(busy, "still here\n");
	visit_hear(busy, "still here\n");
	visit_once("next\n");
}

/* How many descriptors PID's epoll sets have, and how many of these are edge-triggered: proc(5). */
static void count_watched(pid_t pid, int *all, int *edges)
{
	char path[300], line[200];
	unsigned events;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	DIR *folder = opendir(path);
	struct dirent *entry;
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.20s", pid, entry->d_name);
		FILE *f = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
		while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
			if (sscanf(line, "tfd: %*d events: %x", &events) == 1) {
				++*all;
				*edges += (events & EPOLLET) != 0;
			}
		}
		if (f != NULL)
			fclose(f);
	}
	if (folder != NULL)
		closedir(folder);
}

static void edge_triggered(void)
{
	enum { CLIENTS = 3 };
	static struct pids servers;
	int all = 0, edges = 0, fd;

	for (int i = 0; i < CLIENTS; i++) {
		fd = visit_connect();
		visit_send(fd, "and stay\n");
		visit_hear(fd, "and stay\n");
	}
	program_servers(&servers);
	for (int i = 0; i < servers.n; i++)
		count_watched(servers.pid[i], &all, &edges);
	expecting("the clients' descriptors in an epoll set, with EPOLLET");
	if (edges < CLIENTS)
		fails("level", "%d descriptors in epoll sets, %d with EPOLLET", all, edges);
}

/* What the lossy network has done so far. */
struct network {
	int fd, n, nheld;
	struct sockaddr_storage peer;
	socklen_t len;
	char held[600];
};

static void deliver(const struct network *net, const char *bytes, int n)
{
	sendto(net->fd, bytes, (size_t)n, MSG_NOSIGNAL, (const struct sockaddr *)&net->peer,
	       net->len);
}

/* Of five answers one is lost, one comes twice, one comes behind the next one. */
static void carry(struct network *net, const char *bytes, int n)
{
	int kind = net->n++ % 5;

	if (kind == 2 && n < (int)sizeof(net->held)) {
		memcpy(net->held, bytes, (size_t)n);
		net->nheld = n;
		return;
	}
	if (kind != 0)
		deliver(net, bytes, n);
	if (kind == 1)
		deliver(net, bytes, n);
	if (net->nheld > 0)
		deliver(net, net->held, net->nheld);
	net->nheld = 0;
}

#define SAME_LINES 20
#define MOST_REPEATS 10 /* so often a line may be sent again */

/* An echo behind a lossy network. All lines are alike: only a number tells them apart. */
static void actor_loses(int fd)
{
	static struct network net;
	static char bytes[600], before[600];
	int nbefore = -1, repeats = 0;

	net.fd = fd;
	for (;;) {
		net.len = sizeof(net.peer);
		int n = (int)recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&net.peer,
				      &net.len);
		if (n == -1)
			continue;
		expecting("a number in each datagram, because the lines are alike");
		repeats = n == nbefore && memcmp(bytes, before, (size_t)n) == 0 ? repeats + 1 : 0;
		if (repeats == MOST_REPEATS)
			fails("alike", "%s %d times", quoted(bytes, (size_t)n), repeats + 1);
		memcpy(before, bytes, (size_t)n);
		nbefore = n;
		visit_echo(bytes, (size_t)n);
		carry(&net, bytes, n);
	}
}

static void lossy_network(void)
{
	char input[SAME_LINES * 8] = "";

	for (int i = 0; i < SAME_LINES; i++)
		strcat(input, "again\n");
	after("%d lines, all alike; of five answers one is lost, one comes twice, one comes late",
	      SAME_LINES);
	stage_play(input, strlen(input), OPEN, actor_loses);
	stage_expect_success();
	stage_expect_echo(input, strlen(input));
}

static void no_answer_to_connect(void)
{
	after("a server whose queue is full, so that connect gets no answer");
	stage_play("abc\n", 4, SILENT, NULL);
	stage_expect_complaint();
}

const struct trial trials_exercise[] = {{"lines", whole_lines},
					{"idle", idle_clients},
					{"edge", edge_triggered},
					{"lossy", lossy_network},
					{"connect", no_answer_to_connect},
					{NULL, NULL}};
