/*
 * A client must cope with every server: its answers may be late or come in pieces, and it may stop,
 * close or be absent. What the client reads is echoed as it comes, so that one that waits for each
 * answer before it sends more passes as well.
 */
#include "tests/grade/trials_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/grade/bulk.h"
#include "tests/grade/launch.h"
#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/settings.h"
#include "tests/grade/stage.h"
#include "tests/grade/story.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define LINES "one line\nand another one\nthe last one\n"
#define LARGE 2000000
#define LATE_MS 300 /* an answer that takes so long comes after the client's input has ended */

static const char lines[] = LINES;

/* Sends all of it, or nothing more: what a client that has gone misses, it must report itself. */
static void reply(int fd, const char *bytes, size_t n)
{
	for (size_t sent = 0; sent < n;) {
		ssize_t some = send(fd, bytes + sent, n - sent, MSG_NOSIGNAL);
		if (some == -1)
			_exit(EXIT_SUCCESS);
		sent += (size_t)some;
	}
}

/* The client's connection, which must come in time. */
static int first_client(int lfd)
{
	expecting("that it connects");
	if (!visit_wait(lfd, POLLIN, answer_by() + scaled_ms(settings.start_s * 1000)))
		fails("absent", "no connection");
	int fd = accept(lfd, NULL, NULL);
	if (fd == -1)
		fails("absent", "accept: %s", strerror(errno));
	return fd;
}

/* The next bytes that the client sends; 0: it has ended its side. */
static size_t next_bytes(int fd, char *buf, size_t size)
{
	expecting("more of its input, or the end of its side: shutdown(SHUT_WR)");
	if (!visit_wait(fd, POLLIN, answer_by()))
		fails("open", "nothing for %s", in_seconds(answer_ms()));
	ssize_t n = recv(fd, buf, size, 0);
	if (n == -1)
		fails("reset", "%s", strerror(errno));
	return (size_t)n;
}

/* Echoes to the end, each answer LATE milliseconds late and in pieces of PIECE bytes. */
static void echo(int fd, int late, size_t piece)
{
	char buf[65536];
	size_t n;

	while ((n = next_bytes(fd, buf, sizeof(buf))) > 0) {
		visit_echo(buf, n);
		nap_ms(late);
		for (size_t at = 0; at < n; at += piece) {
			reply(fd, buf + at, n - at < piece ? n - at : piece);
			if (piece < n)
				nap_ms(1);
		}
	}
	close(fd);
}

/* Until the try ends. */
static void serve_datagrams(int fd)
{
	struct sockaddr_storage peer;
	char buf[65536];

	for (;;) {
		socklen_t len = sizeof(peer);
		ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&peer, &len);
		visit_echo(buf, n > 0 ? (size_t)n : 0);
		if (n >= 0)
			sendto(fd, buf, (size_t)n, MSG_NOSIGNAL, (struct sockaddr *)&peer, len);
	}
}

static void serve(int lfd)
{
	if (settings.datagram)
		serve_datagrams(lfd);
	echo(first_client(lfd), 0, SIZE_MAX / 2);
}

static void serve_in_pieces(int lfd)
{
	echo(first_client(lfd), 0, 3);
}

static void serve_late(int lfd)
{
	echo(first_client(lfd), LATE_MS, SIZE_MAX / 2);
}

/* Reads nothing before the client can do nothing but wait. */
static void serve_after_a_rest(int lfd)
{
	int fd = first_client(lfd);

	program_rests("while its server does nothing");
	echo(fd, 0, SIZE_MAX / 2);
}

static void half_an_answer(int lfd)
{
	int fd = first_client(lfd);
	char buf[65536];
	size_t n = next_bytes(fd, buf, sizeof(buf));

	visit_echo(buf, n);
	reply(fd, buf, n / 2);
	shutdown(fd, SHUT_WR);
	while (recv(fd, buf, sizeof(buf), 0) > 0) /* what is unread would make a reset of it */
		;
}

static void reset_it(int lfd)
{
	int fd = first_client(lfd);
	char buf[16];

	next_bytes(fd, buf, sizeof(buf));
	visit_reset(fd);
}

/* INPUT, to a server like this; all of it comes back. */
static void must_copy(const char *what, const char *input, size_t n, void (*server)(int lfd))
{
	next_part();
	after("%zu bytes of input, %s", n, what);
	stage_play(input, n, true, server);
	stage_expect_success();
	stage_expect_echo(input, n);
}

static void must_complain(const char *what, bool listens, void (*server)(int lfd))
{
	after("%s", what);
	stage_play(lines, sizeof(lines) - 1, listens, server);
	stage_expect_complaint();
}

static void copies(void)
{
	must_copy("a server that echoes", lines, sizeof(lines) - 1, serve);
	must_copy("a server that echoes", "no newline", 10, serve);
	must_copy("a server that echoes", "", 0, serve);
}

static void large(void)
{
	char *text = bulk_text(LARGE);

	must_copy("a server that echoes", text, LARGE, serve);
	free(text);
}

static void pieces(void)
{
	must_copy("a server that answers three bytes at a time", lines, sizeof(lines) - 1,
		  serve_in_pieces);
}

static void half_closes(void)
{
	must_copy("a server whose answers come late", lines, sizeof(lines) - 1, serve_late);
}

static void rests(void)
{
	char *text = bulk_text(LARGE);

	must_copy("a server that reads nothing at first", text, LARGE, serve_after_a_rest);
	free(text);
}

static void closed_early(void)
{
	must_complain("a server that answers half and closes", true, half_an_answer);
}

static void reset(void)
{
	must_complain("a server that resets the connection", true, reset_it);
}

static void refused(void)
{
	must_complain("an address where nobody listens", false, NULL);
}

static void read_and_forget(int fd)
{
	char buf[65536];

	while (recv(fd, buf, sizeof(buf), 0) != -1)
		;
}

static void no_answer(void)
{
	must_complain("a server that does not answer", true, read_and_forget);
}

const struct trial trials_client[] = {{"copies", copies},
				      {"large input", large},
				      {"answers in pieces", pieces},
				      {"half-closes", half_closes},
				      {"rests", rests},
				      {"closed early", closed_early},
				      {"reset", reset},
				      {"refused", refused},
				      {"no answer", no_answer},
				      {NULL, NULL}};
