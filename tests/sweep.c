/*
 * A sweep of faults, as SQLite's tests make it. A program is run once to see which system calls it
 * makes, and then again and again: while its first accept fails, its second, its third, and so on
 * with every call, and with every error that a kernel can give for it. Each run is judged from
 * outside: did the program do what it promises to do when something fails?
 *
 *   sweep_command    what is run
 *   sweep_errors     which calls fail, and how
 *   sweep_run        one run: the program is started, and the kernel asks us before each call
 *   sweep_fault      what we answer
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sweep_client.h"
#include "tests/sweep_command.h"
#include "tests/sweep_errors.h"
#include "tests/sweep_fault.h"
#include "tests/sweep_findings.h"
#include "tests/sweep_run.h"
#include "tests/sweep_server.h"

static enum sockets sockets;
static bool all_errors;
static int nruns;
static bool is_server; /* what is run: one of the two */
static struct server server;
static struct client client;

static void run_with(const struct fault *fault)
{
	nruns++;
	if (is_server)
		judge_server(&server, fault);
	else
		judge_client(&client, fault);
}

/* The first, the second, the third … call, as many as the run without a fault made. */
static void sweep_error(const struct failing *call, const struct error *error)
{
	struct fault fault = {.call = call, .nth = 1, .error = error};

	for (; fault.nth <= fault_count(call); fault.nth++) {
		run_with(&fault);
		if (!fault_happened())
			break; /* the others cannot fail so: sweep_errors.h, can_fail */
	}
}

static void sweep_call(const struct failing *call)
{
	for (const struct error *e = call->errors; e->name != NULL; e++)
		if (all_errors || e == call->errors || e->way != ONCE)
			sweep_error(call, e);
	if (fault_forks())
		sweep_error(call, &killed);
}

static void sweep(void)
{
	run_with(&(struct fault){.call = NULL}); /* to see which calls there are */
	if (findings() > 0)
		return;
	for (const struct failing *call = failing; call->call != NULL; call++)
		if (call->sockets & sockets && fault_count(call) > 0)
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
		printf("the fault %s\n", fault_happened() ? "happened" : "did not happen");
		return;
	}
	errx(2, "no call %s in the table", name);
}

int main(int argc, char *argv[])
{
	const char *tmp = getenv("TMPDIR");
	char folder[4096];
	const char *call = NULL, *error = "";
	int letter, nth = 1;

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
	char **words = argv + optind;
	sockets = command_sockets(words[1]);
	findings_of(words[0], words[1]);
	run_prepare();
	snprintf(folder, sizeof(folder), "%s/sweep.XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(folder) == NULL || chdir(folder) == -1)
		err(1, "%s", folder);
	is_server = command_prepare(words, &server, &client);

	if (call != NULL)
		repeat(call, nth, error);
	else
		sweep();
	printf("%s: %d runs, %d findings\n", words[0], nruns, findings());

	command_end();
	if (chdir("/") == -1 || rmdir(folder) == -1)
		warn("%s", folder);
	return findings() > 0;
}
