/*
 * A sweep of faults, as SQLite's tests make it. A program is run once to see which system calls it
 * makes, and then again and again: while its first accept fails, its second, its third, and so on
 * with every call, and with every error that a kernel can give for it. Each run is judged from
 * outside: did the program do what it promises to do when something fails?
 *
 *   sweep_errors     which calls fail, and how
 *   sweep_run        one run: the program is started, and the kernel asks us before each call
 *   sweep_watch      what is seen of it: descriptors, processes, processor time
 *   sweep_server     the rules for servers, with the clients of sweep_stream or sweep_datagram
 *   sweep_client     the rules for clients
 *   sweep_findings   what is reported
 *
 *   tests/sweep [-a] PROGRAM KIND [OPTIONS]…    one error a call; -a: all errors
 *   tests/sweep -c CALL -n NTH -e ERROR PROGRAM KIND [OPTIONS]…    one run, as findings print it
 *
 * Exits 0 when all is right, 1 with findings, 77 where the kernel does not let us do it.
 */
#include <err.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sweep_client.h"
#include "tests/sweep_datagram.h"
#include "tests/sweep_errors.h"
#include "tests/sweep_findings.h"
#include "tests/sweep_run.h"
#include "tests/sweep_server.h"

#define PATH "sweep.socket"	      /* of AF_UNIX, in a folder of our own */
#define PARTNER_PATH ".sweep.partner" /* hidden: it is not what the program leaves behind */
#define GROUP "239.0.0.2"
#define MOST_WORDS 32

static const char *program, *kind;
static enum sockets sockets;
static bool all_errors;
static int nruns;
static struct server server; /* what is run: one of the two */
static struct client client;

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

/* ---- The sweep */

static void run_with(const struct fault *fault)
{
	nruns++;
	if (is_server(program))
		judge_server(&server, fault);
	else
		judge_client(&client, fault);
}

/* The first, the second, the third … call, as many as the run without a fault made. */
static void sweep_error(const struct failing *call, const struct error *error)
{
	struct fault fault = {.call = call, .nth = 1, .error = error};

	for (; fault.nth <= run_count(call); fault.nth++) {
		run_with(&fault);
		if (!run_failed())
			break; /* the others cannot fail so: sweep_errors.h, can_fail */
	}
}

static void sweep_call(const struct failing *call)
{
	for (const struct error *e = call->errors; e->name != NULL; e++)
		if (all_errors || e == call->errors || e->way != ONCE)
			sweep_error(call, e);
	if (run_forks())
		sweep_error(call, &killed);
}

static void sweep(void)
{
	run_with(&(struct fault){.call = NULL}); /* to see which calls there are */
	if (findings() > 0)
		return;
	for (const struct failing *call = failing; call->call != NULL; call++)
		if (call->sockets & sockets && run_count(call) > 0)
			sweep_call(call);
}

/* One run, after the one without a fault, which shows what is right. */
static void repeat(const char *name, int nth, const char *error)
{
	run_with(&(struct fault){.call = NULL});
	for (const struct failing *call = failing; call->call != NULL; call++) {
		if (!(call->sockets & sockets) || strcmp(call->call, name) != 0)
			continue;
		const struct error *e = call->errors;
		while (e->name != NULL && strcmp(e->name, error) != 0)
			e++;
		if (e->name == NULL && strcmp(error, killed.name) == 0)
			e = &killed;
		if (e->name == NULL)
			errx(2, "%s does not fail with %s", name, error);
		run_with(&(struct fault){.call = call, .nth = nth, .error = e});
		printf("the fault %s\n", run_failed() ? "happened" : "did not happen");
		return;
	}
	errx(2, "no call %s in the table", name);
}

/* ---- What is run */

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

static void prepare_server(char *command[], int listeners, int listeners_port)
{
	if (is_kind("group"))
		add_number(command, "-p", listeners_port);
	add(command, is_unix(program) ? PATH : "0");
	server = (struct server){.argv = command,
				 .type = sockets == STREAM ? SOCK_STREAM : SOCK_DGRAM,
				 .group = listeners,
				 .alone = is_kind("one")};
}

/* The server that the client talks to, in which nothing fails. */
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

static pid_t prepare_client(char *command[], int listeners_port)
{
	static char *partner[MOST_WORDS];
	char line[256];

	add_program(partner, partner_of(program));
	add(partner, "-q");
	add_client_options(command);
	if (is_kind("group")) {
		add_number(partner, "-p", listeners_port);
		add_number(command, "-p", listeners_port);
	}
	add(partner, is_unix(program) ? PARTNER_PATH : "0");
	pid_t pid = start_partner(partner, line, sizeof(line));
	if (is_unix(program)) {
		add(command, PARTNER_PATH);
	} else {
		char *port = strrchr(line, ':');
		if (port == NULL)
			errx(1, "no port in '%s'", line);
		add(command, "127.0.0.1");
		add(command, strtok(port + 1, "\n"));
	}
	client = (struct client){
	    .argv = command, .group = is_kind("group"), .stream = is_kind("stream")};
	return pid;
}

static void find_root(void)
{
	ssize_t n = readlink("/proc/self/exe", root, sizeof(root) - 1);

	if (n == -1)
		err(1, "/proc/self/exe");
	for (int i = 0; i < 2; i++)
		*strrchr(root, '/') = '\0';
}

int main(int argc, char *argv[])
{
	static char folder[] = "/tmp/sweep.XXXXXX", *command[MOST_WORDS];
	const char *call = NULL, *error = "";
	int letter, nth = 1, port = 0, listeners = -1;
	pid_t partner = 0;

	while ((letter = getopt(argc, argv, "+ac:n:e:")) != -1) {
		switch (letter) {
		case 'a': all_errors = true; break;
		case 'c': call = optarg; break;
		case 'n': nth = atoi(optarg); break;
		case 'e': error = optarg; break;
		default: return 2;
		}
	}
	if (argc - optind < 2 || strchr(argv[optind], '/') == NULL)
		errx(2, "what? See the opening comment of tests/sweep.c");
	program = argv[optind];
	kind = argv[optind + 1];
	sockets = is_kind("datagram") || is_kind("group") ? DATAGRAM : STREAM;
	find_root();
	findings_of(program, kind);
	run_prepare();
	if (mkdtemp(folder) == NULL || chdir(folder) == -1)
		err(1, "%s", folder);

	add_program(command, program);
	for (int i = optind + 2; i < argc; i++)
		add(command, argv[i]);
	if (is_kind("group"))
		listeners = group_listener(GROUP, &port);
	if (is_server(program))
		prepare_server(command, listeners, port);
	else
		partner = prepare_client(command, port);

	if (call != NULL)
		repeat(call, nth, error);
	else
		sweep();
	printf("%s: %d runs, %d findings\n", program, nruns, findings());

	if (partner != 0) {
		kill(partner, SIGKILL);
		waitpid(partner, NULL, 0);
		unlink(PARTNER_PATH);
	}
	if (chdir("/") == -1 || rmdir(folder) == -1)
		warn("%s", folder);
	return findings() > 0;
}
