/*
 * What exercises ask of ends: a server that is stopped delivers what it owes, and a proxy passes
 * each side's end on to the other side. The server behind the proxy is the grader itself.
 */
#include "tests/grade/trials_exercise_end.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/grade/bulk.h"
#include "tests/grade/launch.h"
#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define OFFERED ((size_t)96 << 20)
#define LONGEST_STOP_MS 5000

/* Reads to the end, and expects N bytes in all. */
static void hear_all_owed(int fd, size_t n)
{
	static char block[65536];
	size_t got = 0;
	ssize_t some;

	expecting("all %zu bytes back, then the end", n);
	do {
		if (!visit_wait(fd, POLLIN, answer_by()))
			fails("silent", "%zu bytes, then nothing for %s", got,
			      in_seconds(answer_ms()));
		some = recv(fd, block, sizeof(block), 0);
		if (some == -1 && errno != EAGAIN)
			fails("reset", "%zu bytes, then: %s", got, strerror(errno));
		got += some > 0 ? (size_t)some : 0;
	} while (some != 0);
	if (got != n)
		fails("short", "%zu bytes, then the end", got);
	close(fd);
}

static void delivers_then_ends(void)
{
	int idle = visit_connect(), fd = visit_connect();

	visit_send(idle, "and stay\n");
	visit_hear(idle, "and stay\n");
	size_t taken = bulk_push(fd, OFFERED);
	visit_half_close(fd);
	int64_t latest = clock_ms() + scaled_ms(LONGEST_STOP_MS);
	after("kill -TERM");
	story_last_look = NULL; /* from here on its end is what is wanted */
	if (program_main() == 0 || kill(program_main(), SIGTERM) == -1)
		fails("ended", "it has ended already");
	after("read only now");
	hear_all_owed(fd, taken);
	expecting("its end within %s, although another client stays", in_seconds(LONGEST_STOP_MS));
	while (!program_ended() && clock_ms() < latest)
		nap_ms(3);
	if (!program_ended())
		fails("stays", "it still runs");
}

/* The proxy's connection to the grader's LFD. */
static int comes_through(int lfd)
{
	expecting("a connection to {upstream}");
	if (!visit_wait(lfd, POLLIN, answer_by()))
		fails("alone", "none for %s", in_seconds(answer_ms()));
	int fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1)
		fails("alone", "accept: %s", strerror(errno));
	return fd;
}

/* What arrives must be the same bytes: the proxy changes nothing. */
static void passes_on(int from, int to, const char *text)
{
	char seen[100] = "";
	size_t n = strlen(text), got = 0;

	visit_send(from, text);
	expecting("%s at the other side", quoted(text, n));
	while (got < n) {
		if (!visit_wait(to, POLLIN, answer_by()))
			fails("silent", "nothing for %s", in_seconds(answer_ms()));
		ssize_t some = recv(to, seen + got, n - got, 0);
		if (some <= 0)
			fails("closed", "the end");
		got += (size_t)some;
	}
	if (memcmp(seen, text, n) != 0)
		fails("wrong", "%s", quoted(seen, n));
}

/* ONE side half-closes first; the OTHER one has more to say, and the first still hears it. */
static void ends_from(const char *who, int one, int other)
{
	char c;

	passes_on(one, other, "to you\n");
	passes_on(other, one, "and back\n");
	after("%s ends its direction", who);
	visit_half_close(one);
	expecting("this end at the other side");
	if (!visit_wait(other, POLLIN, answer_by()))
		fails("open", "nothing for %s", in_seconds(answer_ms()));
	if (recv(other, &c, 1, 0) != 0)
		fails("wrong", "something else");
	passes_on(other, one, "one thing more\n");
	visit_half_close(other);
	visit_end(one);
	close(other);
}

static void proxy(void)
{
	int port, lfd = settings_upstream(&port);

	if (listen(lfd, 16) == -1)
		fails("grader", "listen: %s", strerror(errno));
	int client = visit_connect();
	int server = comes_through(lfd);
	ends_from("the client", client, server);
	next_part();
	client = visit_connect();
	server = comes_through(lfd);
	ends_from("the server", server, client);
	next_part();
	client = visit_connect();
	server = comes_through(lfd);
	int second = visit_connect(), beside = comes_through(lfd);
	passes_on(second, beside, "beside another one\n");
	after("the first client resets its connection");
	visit_reset(client);
	passes_on(beside, second, "it goes on\n");
	close(server);
}

const struct trial trials_exercise_end[] = {
    {"drain", delivers_then_ends}, {"proxy", proxy}, {NULL, NULL}};
