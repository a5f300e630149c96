/*
 * All sockets are non-blocking and each wait is bounded, so that no server can hold the grader.
 * What came before something went wrong is kept: the first bytes of an answer say more than
 * "timeout".
 */
#include "tests/grade/visit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/grade/launch.h"
#include "tests/grade/pace.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/talk.h"

#define ONE_TRY_MS                                                                    \
	100 /* the kernel repeats a SYN that found the queue full only after a second \
	     */

bool visit_wait(int fd, short events, int64_t until)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t left = until - clock_ms();

	return poll(&p, 1, left > 0 ? (int)left : 0) == 1;
}

void visit_echo(char *bytes, size_t n)
{
	if (!settings.plain)
		capitals(bytes, n);
}

void visit_send_bytes(int fd, const char *bytes, size_t n)
{
	size_t sent = 0;
	int64_t until = answer_by();

	after("send %s", quoted(bytes, n));
	do {
		ssize_t some = send(fd, bytes + sent, n - sent, MSG_NOSIGNAL);
		if (some >= 0) {
			sent += (size_t)some;
			continue;
		}
		expecting("that all is taken");
		if (errno != EAGAIN)
			fails("reset", "%zu of %zu bytes were sent, then: %s", sent, n,
			      strerror(errno));
		if (!visit_wait(fd, POLLOUT, until))
			fails("silent", "%zu of %zu bytes were taken, then none for %s", sent, n,
			      in_seconds(answer_ms()));
	} while (sent < n);
}

void visit_send(int fd, const char *text)
{
	visit_send_bytes(fd, text, strlen(text));
}

/* Ends the try: SEEN, of N bytes, is what has come in place of WANTED; ENDING is what came then. */
static void other_answer(const char *sent, const char *seen, size_t n, const char *symptom,
			 const char *ending)
{
	if (n > 0 && !settings.plain && memcmp(sent, seen, n) == 0) {
		for (size_t i = 0; i < n; i++)
			if (sent[i] >= 'a' && sent[i] <= 'z')
				symptom = "plain";
	}
	if (n == 0)
		fails(symptom, "%s", ending);
	fails(symptom, "%s%s%s", quoted(seen, n), ending[0] != '\0' ? ", then " : "", ending);
}

void visit_hear_bytes(int fd, const char *bytes, size_t n)
{
	char *want = allocate(n + 1), *got = allocate(n + 1), ending[100];
	int64_t until = answer_by();
	size_t len = 0;

	memcpy(want, bytes, n);
	visit_echo(want, n);
	expecting("%s", quoted(want, n));
	while (len < n) {
		if (!visit_wait(fd, POLLIN, until)) {
			snprintf(ending, sizeof(ending), "nothing for %s", in_seconds(answer_ms()));
			other_answer(bytes, got, len, "silent", ending);
		}
		/* A datagram that is too long shows in the byte more. */
		ssize_t some = recv(fd, got + len, settings.datagram ? n + 1 : n - len, 0);
		if (some == -1 && errno == EAGAIN)
			continue;
		if (some == -1)
			other_answer(bytes, got, len, "reset", strerror(errno));
		if (some == 0 && settings.datagram)
			continue; /* the answer to an empty one */
		if (some == 0)
			other_answer(bytes, got, len, "closed", "the end");
		len += (size_t)some;
		if (len > n || memcmp(want, got, len) != 0 || (settings.datagram && len < n))
			other_answer(bytes, got, len, "wrong", "");
	}
	free(want);
	free(got);
}

void visit_hear(int fd, const char *text)
{
	visit_hear_bytes(fd, text, strlen(text));
}

void visit_half_close(int fd)
{
	after("shutdown(SHUT_WR)");
	shutdown(fd, SHUT_WR);
}

void visit_end(int fd)
{
	char c;

	expecting("the end of the connection");
	if (!visit_wait(fd, POLLIN, answer_by()))
		fails("open", "nothing for %s", in_seconds(answer_ms()));
	ssize_t n = recv(fd, &c, 1, 0);
	if (n == 1)
		fails("wrong", "more than was sent: %s", quoted(&c, 1));
	if (n == -1)
		fails("reset", "%s", strerror(errno));
	close(fd);
}

void visit_close(int fd)
{
	after("close");
	close(fd);
}

void visit_reset(int fd)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	after("reset it");
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

void visit_once(const char *text)
{
	int fd = visit_connect();

	visit_send(fd, text);
	visit_hear(fd, text);
	visit_close(fd);
}
