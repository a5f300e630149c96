/*
 * make grade: what any echo server or client, in any language, does over its socket. The levels of
 * tests/grade/levels are tried in order, each on a fresh start of the program.
 *
 *   settings   what is graded and how: S, C, KIND, PORT, ECHO, FORMAT, FULL, EX
 *   table      the levels, their points, and what to read when one fails
 *   attempt    one try of one level, from the start of the program to its end; tail: what it prints
 *   launch     the program's start; program: while it runs; tree: all its processes
 *   sockets    where it listens; usage: what it uses; command: how anything is run
 *   trial      the trials: what is done for a level, in the files trials_*
 *   visit      the grader's own connections; connect: how they begin; bulk: many bytes
 *   stage      a client between its input, its output and a server; actors: these servers
 *   story      what was sent, expected and seen
 *   pace       time bounds that are fair on a slow machine
 *   report     text, TAP, Gradescope's JSON
 *
 * Exits with 0 when all points are reached, 1 when not, 2 for a wrong command line.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/grade/attempt.h"
#include "tests/grade/pace.h"
#include "tests/grade/report.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/table.h"
#include "tests/grade/trial.h"
#include "tests/talk.h"

#define MOST_TRIES 5

/*
 * Two failures of three decide, so that one bad moment of the machine does not. A failure while the
 * machine became much slower is such a moment, and is not counted at all.
 */
static bool passes_trial(const struct trial *trial)
{
	int counted = 0, failures = 0;

	for (int tries = 0; tries < MOST_TRIES && failures < 2; tries++) {
		attempt(trial);
		if (!story->passed && tries < MOST_TRIES - 2 && pace_got_worse())
			continue;
		counted++;
		failures += !story->passed;
		if (story->passed && counted - failures > failures)
			return true;
	}
	return story->passed;
}

/* The number of a level that LEVEL needs and that is not passed; 0: there is none. */
static int missing(const struct level *level, const struct result *results)
{
	char *copy = strdup(level->needs), *rest = copy, *name;
	int found = 0;

	while (copy != NULL && (name = strsep(&rest, ",")) != NULL) {
		int nth = table_find(name + strspn(name, " "));
		if (nth != -1 && results[nth].verdict != PASSED)
			found = nth + 1;
	}
	free(copy);
	return found;
}

static struct result grade(const struct level *level, const struct result *results)
{
	const struct trial *trial = trial_named(level->name);
	struct result r = {.verdict = NOT_TRIED};
	int needs = missing(level, results);
	size_t n;

	if (trial == NULL)
		die("%s: there is no trial '%s'", settings.levels, level->name);
	if (needs > 0) {
		if (asprintf(&r.details, "not tried: it needs level %d (%s)\n", needs,
			     levels[needs - 1].name) == -1)
			die_errno("asprintf");
	} else if (passes_trial(trial)) {
		r = (struct result){
		    .verdict = PASSED, .score = level->points, .details = strdup("")};
	} else {
		const char *output = attempt_output(&n);
		r = (struct result){.verdict = FAILED, .details = report_failure(level, output, n)};
	}
	return r;
}

int main(void)
{
	static struct result results[MOST_LEVELS];
	bool all = true;

	signal(SIGPIPE, SIG_IGN);
	settings_read();
	table_read(settings.levels);
	if (settings.exercise != NULL)
		table_choose("tests/grade/exercises", settings.exercise);
	story_create();
	attempts_begin();
	report_begin();
	for (int i = 0; i < nlevels; i++) {
		results[i] = grade(&levels[i], results);
		report_level(i, &results[i]);
		all &= results[i].verdict == PASSED;
	}
	report_end(results);
	return all && nlevels > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
