/*
 * The unit tests' checks. Every line is written at once, so that none is lost if the next check
 * crashes.
 */
#include "tests/check.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOUND_SECONDS 40 /* for each test */

static bool failed;
static pid_t running; /* the test's process */
static int heard;     /* its stderr, a file in memory */
static off_t seen_up_to;

void expect(const char *what, long long want, long long seen)
{
	if (want == seen)
		printf("ok %s\n", what);
	else
		printf("FAIL %s: expected %lld, saw %lld\n", what, want, seen);
	fflush(stdout);
	failed |= want != seen;
}

void expect_text(const char *what, const char *want, const char *seen)
{
	bool same = strcmp(want, seen) == 0;

	if (same)
		printf("ok %s\n", what);
	else
		printf("FAIL %s: expected '%s', saw '%s'\n", what, want, seen);
	fflush(stdout);
	failed |= !same;
}

void expect_error(const char *what, int want, long long result)
{
	expect(what, want, result == -1 ? errno : 0);
}

bool split_off(void)
{
	running = fork();
	if (running == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return running == 0;
}

static void end_it(int signo)
{
	(void)signo;
	kill(running, SIGKILL);
}

void run(const char *name, void (*test)(void))
{
	int status = -1;

	heard = memfd_create("stderr", 0);
	seen_up_to = 0;
	if (split_off()) {
		dup2(heard, STDERR_FILENO);
		failed = false;
		test();
		exit(checked());
	}
	signal(SIGALRM, end_it);
	alarm(BOUND_SECONDS);
	while (waitpid(running, &status, 0) == -1 && errno == EINTR)
		; /* under the thread sanitizer the alarm interrupts it */
	alarm(0);
	if (WIFSIGNALED(status))
		printf("FAIL %s: ended by signal %d; %s\n", name, WTERMSIG(status), said());
	else if (status != 0)
		printf("FAIL %s: exit status %d; %s\n", name, WEXITSTATUS(status), said());
	fflush(stdout);
	failed |= status != 0;
	close(heard);
}

/* Leaves "what: (ENAME)" of "what: SENTENCE (ENAME)". */
static void cut_sentences(char *text)
{
	char *colon;

	for (char *name = text; (name = strstr(name, " (")) != NULL; name = colon + 2) {
		for (colon = name; colon > text && *colon != ':'; colon--)
			;
		memmove(colon + 1, name, strlen(name) + 1);
	}
}

const char *said(void)
{
	static char text[4096];
	ssize_t n = pread(heard, text, sizeof(text) - 1, seen_up_to);

	text[n < 0 ? 0 : n] = '\0';
	seen_up_to += n;
	cut_sentences(text);
	return text;
}

void expect_split_off(const char *what, int status, const char *want)
{
	int seen = -1;

	waitpid(running, &seen, 0);
	expect(what, status, WIFEXITED(seen) ? WEXITSTATUS(seen) : -1);
	expect_text(what, want, said());
}

int checked(void)
{
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
