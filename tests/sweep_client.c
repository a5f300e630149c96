/*
 * The rules for a client: it ends, with status 0 when it has printed all that it prints without a
 * fault, otherwise with status 1 and a line that names what failed. It never prints anything else.
 *
 * A group client is sent lines until it has heard three: one that the fault has cost does not come
 * back, and the client goes on listening, as it should.
 */
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/sweep_client.h"
#include "tests/sweep_fault.h"
#include "tests/sweep_findings.h"

#define LINES 50 /* for a group client, one each 100 ms */

static char wanted[4096]; /* what it prints when nothing fails */

/* Copies what was printed without the digits of times: "back whole in 7 ms". */
static void copy_printed(char *to, size_t size)
{
	const char *from = run_output();
	size_t n = 0;

	while (*from != '\0' && n < size - 1) {
		size_t digits = strspn(from, "0123456789");
		if (digits > 0 && strncmp(from + digits, " ms", 3) == 0)
			from += digits;
		else
			to[n++] = *from++;
	}
	to[n] = '\0';
}

static void judge_output(const struct client *c)
{
	char printed[sizeof(wanted)];
	bool succeeded = run_ends(0) && run.status == 0;

	if (run.fault.call == NULL)
		copy_printed(wanted, sizeof(wanted));
	copy_printed(printed, sizeof(printed));
	if (succeeded && strcmp(printed, wanted) != 0)
		finding("with status 0 all of the output", "only %s", one_line(printed));
	else if (!succeeded && c->stream && strncmp(printed, wanted, strlen(printed)) != 0)
		finding("a part of the right output", "%s", one_line(printed));
}

void judge_client(const struct client *c, const struct fault *fault)
{
	static const char lines[] = "first\nbytes\nagain\n", line[] = "again\n";
	int input[2];

	if (pipe2(input, O_CLOEXEC) == -1 || write(input[1], lines, strlen(lines)) == -1)
		err(1, "pipe");
	run_start(c->argv, input[0], fault);
	for (int i = 0; c->group && i < LINES && !run_ends(100); i++)
		if (write(input[1], line, strlen(line)) == -1)
			break; /* it does not read any more */
	close(input[1]);
	if (!run_ends(2 * PATIENCE_MS))
		finding("it ends", "it still runs after %d ms", 2 * PATIENCE_MS);
	else if (run.status != 0)
		judge_failure(c->stream && !fault_lasts());
	if (fault_insisted())
		finding("it waits", "it spins");
	if (!c->group)
		judge_output(c);
	judge_left_behind();
}
