/*
 * What a shell script cannot do on AF_UNIX, for tests/cases/unix.sh. PATH is a server's. A datagram
 * peer waits 30 s at most.
 *
 *   as UID COMMAND…      run it as that user, who is in no group of ours (needs root)
 *   abstract PATH NAME   a stream client bound to @NAME: sends a line and reads its echo
 *   unnamed PATH         sends a datagram from a socket without a path
 *   longest TYPE PATH    is answered at a path of 108 bytes, no NUL; TYPE is stream or dgram
 *   large PATH BYTES     sends one datagram of BYTES from large.socket, SO_SNDBUF raised for it
 *   goes PATH            sends a datagram and is gone before it could be answered
 *   loop PATH            sends a datagram from a path that leads to the server itself
 *   stranger OWN         sends a datagram to the client at OWN, or says why not
 *   deaf PATH N          sends N datagrams from deaf.socket and reads no answer; says "deaf", waits
 *                        until stdin ends, then prints how many answers there were
 *   race PROGRAM PATH N  starts N servers on PATH at the same moment; prints how many serve
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wrap/wrap.h"

#define BOUND_MS 30000 /* no wait is longer: a test that fails must end */
#define MOST_SERVERS 16

static const char text[] = "hello\n";

/* A socket bound to OWN (none, abstract, or a path of up to 108 bytes) and connected to PATH. */
static int dial(int type, const char *own, const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = Socket(AF_UNIX, type, 0);
	size_t len = own == NULL ? 0 : strlen(own);

	if (len > 0) {
		memcpy(sun.sun_path, own, len);
		if (own[0] == '@')
			sun.sun_path[0] = '\0';
		Bind(fd, (struct sockaddr *)&sun,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	}
	memset(sun.sun_path, 0, sizeof(sun.sun_path));
	strncpy(sun.sun_path, path, sizeof(sun.sun_path) - 1);
	Connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	return fd;
}

/* One datagram of N bytes; returns the socket. */
static int tell(const char *own, const char *path, size_t n)
{
	int fd = dial(SOCK_DGRAM, own, path);
	int room = (int)n * 2;
	char *data = calloc(1, n);

	if (data == NULL)
		perr_exit("calloc");
	memcpy(data, text, n < sizeof(text) ? n : sizeof(text));
	if (n > sizeof(text) && setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) == -1)
		perr_exit("setsockopt");
	if (send(fd, data, n, 0) == -1)
		perr_exit("send");
	free(data);
	return fd;
}

/* Returns how many bytes the next datagram has. */
static size_t hear(int fd)
{
	struct pollfd set = {.fd = fd, .events = POLLIN};
	char buf[64];

	if (poll(&set, 1, BOUND_MS) != 1)
		perr_exit("no answer");
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_TRUNC);
	if (n == -1)
		perr_exit("recv");
	return (size_t)n;
}

/* A stream client: one line and its echo. */
static int line(const char *own, const char *path)
{
	int fd = dial(SOCK_STREAM, own, path);
	char buf[sizeof(text)];
	size_t n = strlen(text);

	return Writen(fd, text, n) == -1 || Readn(fd, buf, n) != (ssize_t)n;
}

static int as(uid_t uid, char *argv[])
{
	if (setgroups(0, NULL) == -1 || setgid(uid) == -1 || setuid(uid) == -1)
		perr_exit("setuid");
	execvp(argv[0], argv);
	perr_exit(argv[0]);
}

static int deaf(const char *path, int n)
{
	struct sockaddr_un sun = {.sun_family = AF_UNSPEC};
	int fd = dial(SOCK_DGRAM, "deaf.socket", path), answers = 0;
	char c;

	/* Unconnected: how many wait at a socket is limited for all but the one it is connected to.
	 */
	Connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	sun.sun_family = AF_UNIX;
	strncpy(sun.sun_path, path, sizeof(sun.sun_path) - 1);
	for (int i = 0; i < n; i++)
		if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&sun, sizeof(sun)) == -1)
			perr_exit("sendto");
	puts("deaf");
	fflush(stdout);
	while (Read(STDIN_FILENO, &c, 1) > 0)
		;
	while (recv(fd, &c, 1, MSG_DONTWAIT) != -1)
		answers++;
	printf("%d answers\n", answers);
	return 0;
}

static int race(const char *program, const char *path, int n)
{
	pid_t pids[MOST_SERVERS];
	int go[2], said[2], serving = 0;
	char c;

	n = n < MOST_SERVERS ? n : MOST_SERVERS;
	if (pipe(go) == -1 || pipe(said) == -1)
		perr_exit("pipe");
	for (int i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			Close(go[1]);
			Write(said[1], "r", 1);
			Read(go[0], &c, 1); /* ends when the parent closes its side */
			dup2(said[1], STDOUT_FILENO);
			dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
			execl(program, program, path, (char *)NULL);
			_exit(127);
		}
	}
	for (int i = 0; i < n; i++)
		Read(said[0], &c, 1); /* they stand ready */
	Close(said[1]);
	Close(go[0]);
	Close(go[1]);
	/* Each one serves, and says so in a line, or ends. */
	for (int i = 0, ended = 0; serving + ended < n && i < BOUND_MS; i++) {
		struct pollfd set = {.fd = said[0], .events = POLLIN};
		if (poll(&set, 1, 1) == 1 && Read(said[0], &c, 1) == 1)
			serving += c == '\n';
		for (int k = 0; k < n; k++) {
			if (pids[k] != 0 && waitpid(pids[k], NULL, WNOHANG) > 0) {
				pids[k] = 0;
				ended++;
			}
		}
	}
	for (int i = 0; i < n; i++)
		if (pids[i] != 0)
			kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	printf("%d\n", serving);
	return 0;
}

int main(int argc, char *argv[])
{
	const char *what = argc > 2 ? argv[1] : "", *path = argc > 2 ? argv[2] : "";

	signal(SIGPIPE, SIG_IGN);
	if (strcmp(what, "as") == 0 && argc > 3)
		return as((uid_t)strtoul(path, NULL, 10), argv + 3);
	if (strcmp(what, "abstract") == 0 && argc == 4) {
		char name[64];
		snprintf(name, sizeof(name), "@%s", argv[3]);
		return line(name, path);
	}
	if (strcmp(what, "unnamed") == 0)
		return tell(NULL, path, strlen(text)) == -1;
	if (strcmp(what, "longest") == 0 && argc == 4) {
		char longest[sizeof(((struct sockaddr_un *)0)->sun_path) + 1] = "";
		memset(longest, 'x', sizeof(longest) - 1);
		unlink(longest);
		return path[0] == 's' ? line(longest, argv[3])
				      : hear(tell(longest, argv[3], strlen(text))) != strlen(text);
	}
	if (strcmp(what, "large") == 0 && argc == 4)
		return tell("large.socket", path, strtoul(argv[3], NULL, 10)) == -1;
	if (strcmp(what, "goes") == 0) {
		int fd = tell("gone.socket", path, strlen(text));
		return Close(fd);
	}
	if (strcmp(what, "loop") == 0) {
		int fd = dial(SOCK_DGRAM, "loop.socket", path);
		if (unlink("loop.socket") == -1 || symlink(path, "loop.socket") == -1)
			perr_exit("symlink");
		return send(fd, text, strlen(text), 0) == -1;
	}
	if (strcmp(what, "stranger") == 0) {
		int fd = dial(SOCK_DGRAM, "stranger.socket", path);
		return send(fd, text, strlen(text), 0) == -1;
	}
	if (strcmp(what, "deaf") == 0 && argc == 4)
		return deaf(path, atoi(argv[3]));
	if (strcmp(what, "race") == 0 && argc == 5)
		return race(path, argv[3], atoi(argv[4]));
	errno = 0;
	perr_exit("what? The opening comment of tests/unix_peer.c tells");
}
