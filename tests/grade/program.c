/*
 * The processes that hold the socket are the server; whatever stands before them, a shell or a
 * runner, is not. Signals go to them, and what is counted is counted there.
 */
#include "tests/grade/program.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/grade/command.h"
#include "tests/grade/pace.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/usage.h"
#include "tests/talk.h"

#define LOOK_MS 3
#define WINDOW_MS 250
#define WINDOWS 6	   /* a runtime may tidy up for a while */
#define RESTING_PERCENT 50 /* of the time */

static pid_t main_process;
static struct pids frozen;

void program_servers(struct pids *pids)
{
	if (settings.is_client) {
		program_processes(pids);
		return;
	}
	program_holders(pids);
	tree_grow(pids);
}

static bool same_file(pid_t a, pid_t b)
{
	char link[64], files[2][PATH_MAX];
	pid_t pids[] = {a, b};

	for (int i = 0; i < 2; i++) {
		snprintf(link, sizeof(link), "/proc/%d/exe", pids[i]);
		ssize_t n = readlink(link, files[i], sizeof(files[i]) - 1);
		if (n == -1)
			return false;
		files[i][n] = '\0';
	}
	return strcmp(files[0], files[1]) == 0;
}

static pid_t parent_of(pid_t pid)
{
	int parent = 0;
	char state;

	return process_state(pid, &state, &parent) ? parent : 0;
}

static bool runs(pid_t pid)
{
	int parent;
	char state;

	return pid > 0 && process_state(pid, &state, &parent) && state != 'Z';
}

bool program_gone(void)
{
	return !runs(main_process);
}

/* What has become of it, if it has ended: a connection that is closed or reset says little about
 * why. */
static void last_look(void)
{
	int64_t end = clock_ms() + 100;

	while (runs(main_process) && clock_ms() < end)
		nap_ms(LOOK_MS);
	if (main_process == 0 || runs(main_process))
		return;
	while (program_status() == -1 && clock_ms() < end)
		nap_ms(LOOK_MS);
	story->down = true;
	int status = program_status(), signo = status == -1 ? 0 : command_end_signal(status);
	also_seen("the server has ended%s%s", status == -1 ? "" : " ",
		  status == -1 ? "" : command_end_text(status));
	snprintf(story->symptom, sizeof(story->symptom), "%s",
		 signo != 0 ? signal_name(signo) : "ended");
}

void program_is_ready(void)
{
	static struct pids holders, all;

	program_holders(&holders);
	program_processes(&all);
	main_process = holders.n > 0 ? holders.pid[0] : 0;
	for (;;) {
		pid_t parent = parent_of(main_process);
		if (!pids_have(&all, parent) ||
		    (!pids_have(&holders, parent) && !same_file(parent, main_process)))
			break;
		main_process = parent;
	}
	story_last_look = last_look;
}

pid_t program_main(void)
{
	return main_process;
}

void program_kill(void)
{
	static struct pids all;

	after("kill -KILL");
	main_process = 0;
	while (!program_ended()) {
		program_processes(&all);
		for (int i = 0; i < all.n; i++)
			kill(all.pid[i], SIGKILL);
		nap_ms(1);
	}
}

void program_stop(void)
{
	int64_t end = answer_by();
	int parent;
	char state;

	after("SIGSTOP");
	program_holders(&frozen);
	if (!pids_have(&frozen, main_process))
		pids_add(&frozen, main_process);
	for (int i = 0; i < frozen.n; i++)
		kill(frozen.pid[i], SIGSTOP);
	for (int i = 0; i < frozen.n; i++)
		while (process_state(frozen.pid[i], &state, &parent) && state != 'T' &&
		       state != 'Z' && clock_ms() < end)
			nap_ms(1);
}

void program_continue(void)
{
	after("SIGCONT");
	for (int i = 0; i < frozen.n; i++)
		kill(frozen.pid[i], SIGCONT);
}

void program_freeze(void)
{
	if (story->freezable)
		program_stop();
}

void program_thaw(void)
{
	if (story->freezable)
		program_continue();
}

void program_rests(const char *when)
{
	static struct pids servers;
	long percent = 0;

	after("look at its processes %s", when);
	expecting("that they mostly wait");
	for (int i = 0; i < WINDOWS && level_left() > WINDOW_MS; i++) {
		program_servers(&servers);
		long before = usage_of(&servers).busy_ms;
		nap_ms(WINDOW_MS);
		percent = (usage_of(&servers).busy_ms - before) * 100 / WINDOW_MS;
		if (percent < RESTING_PERCENT)
			return;
	}
	fails("spins", "they run, or are ready to run, %ld %% of the time", percent);
}
