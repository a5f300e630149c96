/*
 * The client reads from a pipe and writes to two. They are filled and emptied side by side, as poll
 * says: a client may print nothing before it has read all, or read nothing before it has printed.
 */
#include "tests/grade/stage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/grade/command.h"
#include "tests/grade/launch.h"
#include "tests/grade/pace.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define MORE 4096	/* bytes that are kept beyond what must come */
#define STILL_ANSWERS 5 /* so many times as long as an answer a client may do nothing */

static char *seen, said[1024]; /* on stdout and stderr */
static size_t seen_length, seen_room, said_length;
static pid_t client, server;
static int status;

/* A socket for the server, on a free port or on a path; that is put into the command. */
static int new_socket(enum door door, char **command)
{
	char addr[128];
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	int port = 0;

	snprintf(addr, sizeof(addr), "%s/socket", launch_folder);
	unlink(addr); /* of the play before */
	if (!settings.path)
		snprintf(addr, sizeof(addr), "127.0.0.1:%d",
			 settings.where != NULL ? number(settings.where) : 0);
	int fd = bound_to(addr, settings.datagram ? SOCK_DGRAM : SOCK_STREAM);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (door != SHUT && !settings.datagram && listen(fd, door == SILENT ? 0 : 16) == -1)
		die_errno("listen");
	if (door == SILENT) { /* one in the queue makes it full: the kernel drops what comes */
		int queued = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		socklen_t size = sizeof(in);
		if (getsockname(fd, (struct sockaddr *)&in, &size) == -1 ||
		    connect(queued, (struct sockaddr *)&in, size) == -1)
			die_errno("connect");
	}
	if (!settings.path && getsockname(fd, (struct sockaddr *)&in, &len) == 0)
		port = ntohs(in.sin_port);
	*command = settings_fill_in(settings.command, port, addr);
	return fd;
}

static void new_pipe(int *ours, int *theirs, bool we_write)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		die_errno("pipe2");
	*ours = ends[we_write];
	*theirs = ends[!we_write];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
}

/* Reads what is there into BUF, of SIZE bytes, and drops what has no room. False: it has ended. */
static bool take(int fd, char *buf, size_t *length, size_t size)
{
	char some[65536];
	ssize_t n = read(fd, some, sizeof(some));

	if (n <= 0)
		return n == -1 && errno == EAGAIN;
	size_t room = size - *length, kept = (size_t)n < room ? (size_t)n : room;
	memcpy(buf + *length, some, kept);
	*length += kept;
	return true;
}

/* The server's process ends the try when it has not been content. */
static void look_at_server(void)
{
	int how;

	if (server > 0 && waitpid(server, &how, WNOHANG) == server) {
		server = 0;
		if (how != 0)
			_exit(EXIT_FAILURE);
	}
}

static bool has_ended(void)
{
	look_at_server();
	if (client > 0 && waitpid(client, &status, WNOHANG) == client)
		client = 0;
	return client == 0;
}

static void feed(struct pollfd *p, const char *input, size_t n, size_t *fed)
{
	ssize_t some = *fed < n ? write(p->fd, input + *fed, n - *fed) : 0;

	*fed += some > 0 ? (size_t)some : 0;
	if (*fed == n || (some == -1 && errno != EAGAIN)) {
		close(p->fd);
		p->fd = -1;
	}
}

/* Neither takes nor prints anything any more, and does not end. */
static void stands_still(size_t n)
{
	expecting("the client's end");
	fails("runs", "it still runs; of %zu bytes it has printed %zu", n, seen_length);
}

static void play(struct pollfd p[3], const char *input, size_t n)
{
	size_t fed = 0, done = 0;
	int64_t end = clock_ms() + STILL_ANSWERS * answer_ms();

	while (!has_ended() || p[1].fd != -1 || p[2].fd != -1) {
		if (level_left() == 0 || clock_ms() >= end)
			stands_still(n);
		poll(p, 3, 20);
		if (p[0].revents != 0)
			feed(&p[0], input, n, &fed);
		if (p[1].revents != 0 && !take(p[1].fd, seen, &seen_length, seen_room))
			p[1].fd = -1;
		if (p[2].revents != 0 && !take(p[2].fd, said, &said_length, sizeof(said) - 1))
			p[2].fd = -1;
		if (client == 0 && p[1].revents == 0 && p[2].revents == 0)
			break; /* something else that it has started has its output open */
		if (fed + seen_length > done)
			end = clock_ms() + STILL_ANSWERS * answer_ms();
		done = fed + seen_length;
	}
	look_at_server();
}

void stage_play(const char *input, size_t n, enum door door, void (*serve)(int lfd))
{
	struct pollfd p[3] = {{.events = POLLOUT}, {.events = POLLIN}, {.events = POLLIN}};
	int in, out, err, lfd;
	char *command;

	free(seen);
	seen = allocate(seen_room = n + MORE);
	seen_length = said_length = 0;
	memset(said, 0, sizeof(said));
	lfd = new_socket(door, &command);
	new_pipe(&p[0].fd, &in, true);
	new_pipe(&p[1].fd, &out, false);
	new_pipe(&p[2].fd, &err, false);
	if (serve != NULL && (server = new_process()) == 0) {
		close(p[0].fd); /* or the client's input would not end */
		serve(lfd);
		_exit(EXIT_SUCCESS);
	}
	client = command_start(command, in, out, err);
	free(command);
	if (serve != NULL)
		close(lfd);
	close(in);
	close(out);
	close(err);
	play(p, input, n);
}

/* The first line on stderr, for the story. */
static void add_complaint(void)
{
	size_t n = strcspn(said, "\n");

	if (said_length > 0)
		also_seen("on stderr %s", quoted(said, n));
}

void stage_expect_success(void)
{
	int signo = command_end_signal(status);

	expecting("exit status 0");
	if (status == 0)
		return;
	story_last_look = add_complaint;
	fails(signo != 0 ? signal_name(signo) : "status", "it ended %s", command_end_text(status));
}

void stage_expect_complaint(void)
{
	int signo = command_end_signal(status);

	expecting("an exit status other than 0, and a line on stderr that says why");
	story_last_look = add_complaint;
	if (signo != 0)
		fails(signal_name(signo), "it ended %s", command_end_text(status));
	if (status == 0)
		fails("status", "it ended with status 0");
	if (said_length == 0)
		fails("mute", "status %d, and nothing on stderr", WEXITSTATUS(status));
}

void stage_expect_echo(const char *input, size_t n)
{
	char *want = allocate(n + 1);
	size_t same = 0;

	memcpy(want, input, n);
	visit_echo(want, n);
	while (same < n && same < seen_length && seen[same] == want[same])
		same++;
	expecting("%s on stdout", quoted(want, n));
	story_last_look = add_complaint;
	if (same < n && same == seen_length)
		fails("short", "only %zu bytes of %zu", same, n);
	if (same < n || seen_length > n)
		fails("wrong", "%s from byte %zu on",
		      quoted(seen + same, seen_length - same < 24 ? seen_length - same : 24),
		      same + 1);
	free(want);
}
