/*
 * What a shell script cannot do on AF_UNIX, for tests/cases/unix_path.sh and unix_dgram.sh. PATH is
 * a server's.
 *
 *   as UID COMMAND…      run it as that user, who is in no group of ours (needs root)
 *   abstract PATH NAME   a stream client bound to @NAME: sends a line and reads its echo
 *   unnamed PATH         send a datagram from a socket without a path
 *   longest TYPE PATH    be answered at a path of 108 bytes, no NUL; TYPE is stream or dgram
 *   large PATH BYTES     send one datagram of BYTES from large.socket, SO_SNDBUF raised for it
 *   goes PATH            send a datagram and be gone before it could be answered
 *   loop PATH            send a datagram from a path that leads to the server itself
 *   stranger OWN         send a datagram to the client at OWN, or print why not
 *   deaf PATH N          send N datagrams from deaf.socket and read no answer; print "deaf", wait
 *                        until stdin ends, then print how many answers there were
 *   chatter PATH         a server: it sends its first client "late" every 50 ms, and no answer;
 *                        prints "listening on PATH"
 *   heirs PATH           ask a pass_server to hand over, twice at once, and to end without having
 *                        got anything; only the first request may be granted
 *   race PROGRAM PATH N  start N servers on PATH at the same moment; print how many serve
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
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/talk.h"

#define MOST_SERVERS 16
#define TEXT "hello\n"
#define TEXT_BYTES (sizeof(TEXT) - 1)

/* Asks the server on PATH for REQUEST. Returns whether there is an answer, and not the end. */
static bool grants(const char *path, const char *request, int *fd)
{
	struct pollfd p = {.events = POLLIN};
	char answer[16];

	*fd = p.fd = dial_from(NULL, path, SOCK_SEQPACKET);
	if (send(*fd, request, strlen(request), 0) == -1)
		die_errno("send");
	if (poll(&p, 1, ms_left()) != 1)
		die("neither an answer nor the end");
	return recv(*fd, answer, sizeof(answer), 0) > 0; /* the kernel closes what came with it */
}

static void heirs(char *args[])
{
	int one, other;

	if (grants(args[0], "end", &one))
		die("it answers end");
	close(one);
	if (!grants(args[0], "listen", &one))
		die("it does not hand over");
	if (grants(args[0], "listen", &other))
		die("it hands over to two at a time");
	close(other);
	close(one);
	nap_ms(1);
	while (
	    !grants(args[0], "listen", &one)) { /* it may not have seen the end of the first yet */
		close(one);
		nap_ms(1);
	}
	close(one);
}

/* A stream client: one line and its echo. */
static void line(const char *own, const char *path)
{
	int fd = dial_from(own, path, SOCK_STREAM);

	say(fd, TEXT, TEXT_BYTES);
	hear(fd, TEXT, TEXT_BYTES);
}

/* One datagram; returns the socket. */
static int tell(const char *own, const char *path)
{
	int fd = dial_from(own, path, SOCK_DGRAM);

	say(fd, TEXT, TEXT_BYTES);
	return fd;
}

static void as(char *args[])
{
	uid_t uid = (uid_t)number(args[0]);

	if (setgroups(0, NULL) == -1 || setgid(uid) == -1 || setuid(uid) == -1)
		die_errno("setuid");
	execvp(args[1], args + 1);
	die_errno(args[1]);
}

static void abstract(char *args[])
{
	char name[64];

	snprintf(name, sizeof(name), "@%s", args[1]);
	line(name, args[0]);
}

static void unnamed(char *args[])
{
	tell(NULL, args[0]);
}

static void longest(char *args[])
{
	char own[sizeof(((struct sockaddr_un *)0)->sun_path) + 1] = "";

	memset(own, 'x', sizeof(own) - 1);
	unlink(own);
	if (args[0][0] == 's')
		line(own, args[1]);
	else
		hear(tell(own, args[1]), TEXT, TEXT_BYTES);
}

static void large(char *args[])
{
	int fd = dial_from("large.socket", args[0], SOCK_DGRAM), n = number(args[1]), room = 2 * n;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) == -1)
		die_errno("setsockopt");
	char *data = allocate((size_t)n);
	say(fd, data, (size_t)n);
	free(data);
}

static void goes(char *args[])
{
	close(tell("gone.socket", args[0]));
}

static void loop(char *args[])
{
	int fd = dial_from("loop.socket", args[0], SOCK_DGRAM);

	if (unlink("loop.socket") == -1 || symlink(args[0], "loop.socket") == -1)
		die_errno("symlink");
	say(fd, TEXT, TEXT_BYTES);
}

static void stranger(char *args[])
{
	tell("stranger.socket", args[0]);
}

static void deaf(char *args[])
{
	int fd = bound_to("deaf.socket", SOCK_DGRAM), answers = 0;
	struct sockaddr_storage sa;
	socklen_t len = parse(args[0], &sa);
	char c;

	/* Unconnected: how many datagrams wait at a socket is limited for all senders but the one
	 * that it is connected to. */
	for (int i = 0; i < number(args[1]); i++)
		if (sendto(fd, TEXT, TEXT_BYTES, 0, (struct sockaddr *)&sa, len) == -1)
			die_errno("sendto");
	put_line("deaf");
	until_stdin_ends();
	while (recv(fd, &c, 1, MSG_DONTWAIT) != -1)
		answers++;
	put_line("%d answers", answers);
}

static void chatter(char *args[])
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int fd = bound_to(args[0], SOCK_DGRAM);
	char c;

	print_address("listening", fd);
	if (recvfrom(fd, &c, 1, 0, (struct sockaddr *)&peer, &len) == -1)
		die_errno("recvfrom");
	while (sendto(fd, "late\n", 5, MSG_DONTWAIT, (struct sockaddr *)&peer, len) != -1 ||
	       errno == EAGAIN)
		nap_ms(50);
}

static void race(char *args[])
{
	int n = number(args[2]) < MOST_SERVERS ? number(args[2]) : MOST_SERVERS;
	int go[2], said[2], serving = 0, ended = 0;
	pid_t pids[MOST_SERVERS];
	char c;

	if (pipe(go) == -1 || pipe(said) == -1)
		die_errno("pipe");
	for (int i = 0; i < n; i++) {
		pids[i] = new_process();
		if (pids[i] == 0) {
			close(go[1]);
			/* Ready; the read ends when the parent closes its side. */
			if (write(said[1], "r", 1) == -1 || read(go[0], &c, 1) == -1)
				die_errno("pipe");
			dup2(said[1], STDOUT_FILENO);
			dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
			execl(args[0], args[0], args[1], (char *)NULL);
			_exit(127);
		}
	}
	for (int i = 0; i < n; i++)
		if (read(said[0], &c, 1) != 1)
			die_errno("pipe");
	close(said[1]);
	close(go[0]);
	close(go[1]);
	/* Each one serves, and prints a line then, or ends. */
	while (serving + ended < n) {
		if (ms_left() == 1)
			die("%d of %d servers neither serve nor end", n - serving - ended, n);
		struct pollfd set = {.fd = said[0], .events = POLLIN};
		if (poll(&set, 1, 1) == 1 && read(said[0], &c, 1) == 1)
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
	put_line("%d", serving);
}

int main(int argc, char *argv[])
{
	static const struct word words[] = {
	    {"as", 2, as},	     {"abstract", 2, abstract}, {"unnamed", 1, unnamed},
	    {"longest", 2, longest}, {"large", 2, large},	{"goes", 1, goes},
	    {"loop", 1, loop},	     {"stranger", 1, stranger}, {"deaf", 2, deaf},
	    {"race", 3, race},	     {"heirs", 1, heirs},	{"chatter", 1, chatter},
	};

	(void)argc;
	return run_word(words, sizeof(words) / sizeof(words[0]), argv);
}
