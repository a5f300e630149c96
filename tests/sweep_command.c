/*
 * The command lines: a server on a port of the kernel's choice, or on a path; a client that runs
 * for a moment only, beside a server that suits it; for groups a port for their listeners.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sweep_command.h"
#include "tests/sweep_datagram.h"

#define PATH "sweep.socket"	      /* of AF_UNIX, in a folder of our own */
#define PARTNER_PATH ".sweep.partner" /* hidden: it is not what the program leaves behind */
#define GROUP "239.0.0.2"
#define MOST_WORDS 32

static const char *program, *kind;
static pid_t partner; /* of a client */

static bool is_server(const char *name)
{
	return strstr(strchr(name, '/'), "server") != NULL;
}

static bool is_unix(const char *name)
{
	return strncmp(name, "unix/", 5) == 0;
}

static bool is_kind(const char *name)
{
	return strcmp(kind, name) == 0;
}

static char root[4096]; /* the folder above tests/ with the binaries */

/* Adds a word to a command. */
static void add(char *command[], const char *word)
{
	int n = 0;

	while (command[n] != NULL)
		n++;
	if (n == MOST_WORDS - 1)
		errx(2, "too many words");
	command[n] = strdup(word);
}

static void add_number(char *command[], const char *letter, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	add(command, letter);
	add(command, text);
}

static void add_program(char *command[], const char *name)
{
	char path[sizeof(root) + 64];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	add(command, path);
	if (access(path, X_OK) == -1)
		err(2, "%s", path);
}

static struct server server_command(char *command[], int listeners, int port)
{
	if (is_kind("group"))
		add_number(command, "-p", port);
	add(command, is_unix(program) ? PATH : "0");
	return (struct server){.argv = command,
			       .type = command_sockets(kind) == STREAM ? SOCK_STREAM : SOCK_DGRAM,
			       .group = listeners,
			       .alone = is_kind("one"),
			       .loops = is_kind("event")};
}

static const char *partner_of(const char *name)
{
	static const char *const pairs[][2] = {
	    {"unix/stream_client", "unix/stream_server"},
	    {"unix/dgram_client", "unix/dgram_server"},
	    {"udp/client", "udp/server"},
	    {"udp/reliable_client", "udp/server"},
	    {"udp/broadcast_client", "udp/broadcast_server"},
	    {"multicast/client", "multicast/server"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strcmp(pairs[i][0], name) == 0)
			return pairs[i][1];
	return "poll/server";
}

/* Starts it; TEXT is its first line afterwards. */
static pid_t start_partner(char *command[], char *text, size_t size)
{
	int out[2];

	if (pipe(out) == -1)
		err(1, "pipe");
	pid_t pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		execv(command[0], command);
		err(1, "%s", command[0]);
	}
	close(out[1]);
	FILE *f = fdopen(out[0], "r");
	if (f == NULL || fgets(text, (int)size, f) == NULL)
		errx(1, "%s does not start", command[0]);
	return pid; /* and its log's pipe stays open */
}

/* What a client needs so that it does not run for long. */
static void add_client_options(char *command[])
{
	if (strcmp(program, "threadpool/client") == 0)
		add_number(command, "-n", 3);
	if (strcmp(program, "epoll/burst_client") == 0) {
		add_number(command, "-n", 2);
		add(command, "-s");
		add(command, "0.01");
	}
	if (is_kind("group"))
		add_number(command, "-n", 3); /* datagrams, and it ends */
	if (is_kind("datagram"))
		add_number(command, "-t", 2);
}

/* And beside it a server in which nothing fails. */
static struct client client_command(char *command[], int port)
{
	static char *other[MOST_WORDS];
	char line[256], *colon;

	add_program(other, partner_of(program));
	add(other, "-q");
	add_client_options(command);
	if (is_kind("group")) {
		add_number(other, "-p", port);
		add_number(command, "-p", port);
	}
	add(other, is_unix(program) ? PARTNER_PATH : "0");
	partner = start_partner(other, line, sizeof(line));
	if (is_unix(program)) {
		add(command, PARTNER_PATH);
	} else {
		colon = strrchr(line, ':');
		if (colon == NULL)
			errx(1, "no port in '%s'", line);
		add(command, "127.0.0.1");
		add(command, strtok(colon + 1, "\n"));
	}
	return (struct client){
	    .argv = command, .group = is_kind("group"), .stream = is_kind("stream")};
}

static void find_root(void)
{
	ssize_t n = readlink("/proc/self/exe", root, sizeof(root) - 1);

	if (n == -1)
		err(1, "/proc/self/exe");
	for (int i = 0; i < 2; i++)
		*strrchr(root, '/') = '\0';
}

enum sockets command_sockets(const char *its_kind)
{
	return strcmp(its_kind, "datagram") == 0 || strcmp(its_kind, "group") == 0 ? DATAGRAM
										   : STREAM;
}

bool command_prepare(char *words[], struct server *server, struct client *client)
{
	static char *command[MOST_WORDS];
	int port = 0, listeners = -1;

	program = words[0];
	kind = words[1];
	find_root();
	add_program(command, program);
	for (int i = 2; words[i] != NULL; i++)
		add(command, words[i]);
	if (is_kind("group"))
		listeners = group_listener(GROUP, &port);
	if (is_server(program))
		*server = server_command(command, listeners, port);
	else
		*client = client_command(command, port);
	return is_server(program);
}

void command_end(void)
{
	if (partner != 0) {
		kill(partner, SIGKILL);
		waitpid(partner, NULL, 0);
		unlink(PARTNER_PATH);
	}
}
