/*
 * Each of these plays its part in a process of its own, beside the client. What the client does
 * wrong to the server ends the try here; what it misses, because it left too early, it must report
 * itself.
 */
#include "tests/grade/actors.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define LATE_MS 300 /* an answer that takes so long comes after the client's input has ended */

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

void actor_echoes(int lfd)
{
	if (settings.datagram)
		serve_datagrams(lfd);
	echo(first_client(lfd), 0, SIZE_MAX / 2);
}

void actor_in_pieces(int lfd)
{
	echo(first_client(lfd), 0, 3);
}

void actor_late(int lfd)
{
	echo(first_client(lfd), LATE_MS, SIZE_MAX / 2);
}

/* Reads nothing before the client can do nothing but wait. */
void actor_rests_first(int lfd)
{
	int fd = first_client(lfd);

	program_rests("while its server does nothing");
	echo(fd, 0, SIZE_MAX / 2);
}

void actor_answers_half(int lfd)
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

void actor_resets(int lfd)
{
	int fd = first_client(lfd);
	char buf[16];

	next_bytes(fd, buf, sizeof(buf));
	visit_reset(fd);
}

void actor_is_mute(int fd)
{
	char buf[65536];

	while (recv(fd, buf, sizeof(buf), 0) != -1)
		;
}
