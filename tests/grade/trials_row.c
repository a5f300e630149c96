/*
 * What each connection costs for ever shows after hundreds of them: descriptors, threads,
 * processes, and children that nobody has waited for. Memory is not among them, because a runtime
 * collects its garbage when it likes.
 */
#include "tests/grade/trials_row.h"

#include <stdio.h>
#include <string.h>

#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/usage.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define CROWD 50
#define ROW 200
#define SLACK 20 /* of both: some free things with the next client only */

static struct usage usage_now(void)
{
	static struct pids servers;

	program_servers(&servers);
	return usage_of(&servers);
}

/* Waits until what the clients took has come back. */
static void settles(const struct usage *before)
{
	int64_t end = answer_by();
	struct usage now;

	expecting("about as many as before: %d descriptors, %d threads and processes, %d zombies",
		  before->descriptors, before->threads, before->zombies);
	do {
		now = usage_now();
		if (now.descriptors <= before->descriptors + SLACK &&
		    now.threads <= before->threads + SLACK &&
		    now.zombies <= before->zombies + SLACK)
			break;
		nap_ms(10);
	} while (clock_ms() < end);
	const char *symptom = now.zombies > before->zombies + SLACK	      ? "zombies"
			      : now.descriptors > before->descriptors + SLACK ? "descriptors"
			      : now.threads > before->threads + SLACK	      ? "threads"
									      : NULL;
	if (symptom != NULL)
		fails(symptom, "%d descriptors, %d threads and processes, %d zombies",
		      now.descriptors, now.threads, now.zombies);
	expecting("about as many mappings of memory as before: %d", before->mappings);
	if (now.mappings > before->mappings + ROW / 2)
		fails("mappings", "%d", now.mappings);
}

static void row_of(int n)
{
	story_quiet(true);
	for (int i = 0; i < n; i++)
		visit_once("one of hundreds\n");
	story_quiet(false);
}

/* Children that end while the parent cannot run send it one SIGCHLD for all of them. */
static void all_leave_together(int n)
{
	int fds[CROWD];

	after("%d clients leave at the same moment", n);
	story_quiet(true);
	for (int i = 0; i < n; i++)
		fds[i] = visit_connect();
	for (int i = 0; i < n; i++)
		visit_send(fds[i], "one of a crowd\n");
	for (int i = 0; i < n; i++)
		visit_hear(fds[i], "one of a crowd\n");
	program_freeze();
	for (int i = 0; i < n; i++)
		visit_close(fds[i]);
	/* Children of a process that is frozen become zombies; a server without any has no more to
	 * do. */
	for (int64_t end = clock_ms() + scaled_ms(200);
	     usage_now().processes > 1 && clock_ms() < end;)
		nap_ms(5);
	program_thaw();
	row_of(1);
	story_quiet(false);
}

static void in_a_row(void)
{
	bool crowds =
	    strcmp(settings.kind, "concurrent") == 0 || strcmp(settings.kind, "event") == 0;

	/* What it takes for the first ones may be kept for the next ones: a pool, a heap. */
	if (crowds)
		all_leave_together(CROWD);
	row_of(ROW / 4);
	struct usage before = usage_now();
	next_part();
	if (crowds)
		all_leave_together(CROWD);
	settles(&before);
	next_part();
	after("%d clients in a row, each with a line", ROW);
	row_of(ROW);
	settles(&before);
}

const struct trial trials_row[] = {{"hundreds in a row", in_a_row}, {NULL, NULL}};
