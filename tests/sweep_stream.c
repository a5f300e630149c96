/*
 * Each client sends a word of five letters and reads it back. A client is lost when its connection
 * is closed or reset before that: a fault may cost one. No answer at all, or a wrong one, never is
 * right.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/sweep_fault.h"
#include "tests/sweep_findings.h"
#include "tests/sweep_run.h"
#include "tests/sweep_stream.h"

#define WORD 5

static const struct sockaddr *server;
static socklen_t server_len;

static int dial(void)
{
	struct timeval limit = {.tv_sec = PATIENCE_MS / 1000};
	int fd = socket(server->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, server, server_len) == -1)
		finding("once it has said \"listening on\" clients can connect", "%s",
			strerror(errno));
	return fd;
}

/* Returns whether FD is served; false: it is lost. */
static bool served(int fd, const char word[WORD + 1], const char want[WORD + 1])
{
	char buf[WORD + 1] = "";
	size_t got = 0;
	ssize_t n = send(fd, word, WORD, MSG_NOSIGNAL);

	while (n > 0 && got < WORD && (n = recv(fd, buf + got, WORD - got, 0)) > 0)
		got += (size_t)n;
	if (n == -1 && errno == EAGAIN)
		finding("the answer, or the end of the connection", "'%s', and no more in %d ms",
			buf, PATIENCE_MS);
	if (memcmp(buf, want, got) != 0)
		finding("a-z as A-Z", "'%s' for '%s'", buf, word);
	return got == WORD;
}

/* A client that comes, is served, ends its side, and sees the server end its own. */
static bool served_whole(const char *word, const char *want)
{
	int fd = dial();
	bool result = served(fd, word, want);
	char byte;

	shutdown(fd, SHUT_WR);
	if (result) {
		ssize_t n = recv(fd, &byte, 1, 0);
		if (n == -1 && errno == EAGAIN)
			finding("the end of the connection", "nothing in %d ms", PATIENCE_MS);
		if (n == 1)
			finding("the end of the connection", "a byte too many: %d", byte);
		result = n == 0;
	}
	close(fd);
	return result;
}

static bool served_and_resets(const char *word, const char *want)
{
	int fd = dial();
	bool result = served(fd, word, want);

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
	close(fd);
	return result;
}

void stream_session(const struct sockaddr *sa, socklen_t len, bool alone, int may_be_lost)
{
	int lost = 0;

	server = sa;
	server_len = len;
	int early = alone ? -1 : dial(); /* there from the first to the last */
	bool there = early != -1 && served(early, "first", "FIRST");
	lost += !alone && !there;
	lost += !served_whole("bytes", "BYTES");
	lost += !served_and_resets("reset", "RESET");
	lost += there && !served(early, "again", "AGAIN");
	close(early);
	lost += !served_whole("other", "OTHER");
	if (lost > may_be_lost && !fault_lasts())
		finding("one client at most is lost", "%d are lost", lost);
	fault_wait();
	if (lost > 0 && !served_whole("later", "LATER"))
		finding("after the fault clients are served", "the next one is lost too");
}

int stream_stay(const struct sockaddr *sa, socklen_t len)
{
	server = sa;
	server_len = len;
	for (int i = 0; i < 2; i++) {
		int fd = dial();
		if (served(fd, "stays", "STAYS"))
			return fd;
		close(fd); /* this is when the fault came */
		fault_wait();
	}
	finding("after the fault clients are served", "the next one is lost too");
	return -1;
}
