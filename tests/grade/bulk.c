/*
 * Sending and reading take turns as poll says, because a client that sends all before it reads, and
 * a server that reads no more before its answer is taken, would wait for each other.
 */
#include "tests/grade/bulk.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/grade/pace.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define STILL_MS 200 /* so long without room means that the server takes no more */

char *bulk_text(size_t n)
{
	char *text = allocate(n + 32);

	for (size_t at = 0, i = 0; at < n; i++)
		at += (size_t)sprintf(text + at, "line %zu of a long text\n", i);
	if (n > 0)
		text[n - 1] = '\n';
	return text;
}

/* The two directions of one exchange. */
struct exchange {
	int fd;
	const char *bytes;
	size_t n, sent, got;
	bool ends; /* half-close when all is sent */
};

static void send_some(struct exchange *x)
{
	ssize_t some = send(x->fd, x->bytes + x->sent, x->n - x->sent, MSG_NOSIGNAL);

	if (some == -1 && errno != EAGAIN)
		fails("reset", "%zu bytes were sent and %zu came back, then: %s", x->sent, x->got,
		      strerror(errno));
	x->sent += some > 0 ? (size_t)some : 0;
	if (x->sent == x->n && x->ends)
		shutdown(x->fd, SHUT_WR);
}

/* Where SEEN, of N bytes, differs from what must come next. */
static void check(const struct exchange *x, char *seen, size_t n)
{
	char want[65536];

	memcpy(want, x->bytes + x->got, n);
	visit_echo(want, n);
	for (size_t i = 0; i < n; i++)
		if (seen[i] != want[i])
			fails(seen[i] == x->bytes[x->got + i] ? "plain" : "wrong",
			      "%s in place of %s from byte %zu on",
			      quoted(seen + i, n - i < 12 ? n - i : 12),
			      quoted(want + i, n - i < 12 ? n - i : 12), x->got + i + 1);
}

static void read_some(struct exchange *x)
{
	char seen[65536];
	size_t most = x->n - x->got < sizeof(seen) ? x->n - x->got : sizeof(seen);
	ssize_t some = recv(x->fd, seen, most, 0);

	if (some == -1 && errno == EAGAIN)
		return;
	if (some <= 0)
		fails(some == 0 ? "closed" : "reset", "%zu bytes, then %s", x->got,
		      some == 0 ? "the end" : strerror(errno));
	check(x, seen, (size_t)some);
	x->got += (size_t)some;
}

static void finish(struct exchange *x)
{
	expecting("all %zu bytes back", x->n);
	while (x->got < x->n) {
		struct pollfd p = {.fd = x->fd, .events = POLLIN};
		if (x->sent < x->n)
			p.events |= POLLOUT;
		int64_t left = answer_by() - clock_ms();
		if (left <= 0 || poll(&p, 1, (int)left) != 1)
			fails("silent",
			      "%zu bytes were taken and %zu came back, then nothing for %s",
			      x->sent, x->got, in_seconds(answer_ms()));
		if (p.revents & POLLOUT)
			send_some(x);
		if (p.revents & ~POLLOUT)
			read_some(x);
	}
}

void bulk_exchange(int fd, const char *bytes, size_t n)
{
	struct exchange x = {.fd = fd, .bytes = bytes, .n = n};

	after("send %zu bytes and read at the same time", n);
	finish(&x);
}

void bulk_owed(int fd, const char *bytes, size_t n, void (*meanwhile)(void))
{
	struct exchange x = {.fd = fd, .bytes = bytes, .n = n, .ends = true};

	after("send %zu bytes and shutdown(SHUT_WR)", n);
	while (x.sent < n && visit_wait(fd, POLLOUT, clock_ms() + STILL_MS))
		send_some(&x);
	if (meanwhile != NULL)
		meanwhile();
	after("read only now");
	finish(&x);
	visit_end(fd);
}

size_t bulk_push(int fd, size_t n)
{
	static char block[65536];
	size_t sent = 0;

	/* Lines, because some servers keep a line until its end has come. */
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = i % 64 == 63 ? '\n' : 'x';
	after("send without reading, until it takes no more");
	expecting("that the connection stays");
	while (sent < n && level_left() > 0 && visit_wait(fd, POLLOUT, clock_ms() + STILL_MS)) {
		ssize_t some = send(fd, block, n - sent < sizeof(block) ? n - sent : sizeof(block),
				    MSG_NOSIGNAL);
		if (some == -1 && errno != EAGAIN)
			fails("reset", "%zu bytes were taken, then: %s", sent, strerror(errno));
		sent += some > 0 ? (size_t)some : 0;
	}
	return sent;
}
