/* Findings in words that a maintainer understands, and the rules that all programs have in common.
 */
#include <dirent.h>
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sweep_fault.h"
#include "tests/sweep_findings.h"
#include "tests/sweep_run.h"

#define LOADER_FAILED 127 /* what the C library's loader exits with, before main */

static const char *program, *kind;
static int nfindings;

void findings_of(const char *its_program, const char *its_kind)
{
	program = its_program;
	kind = its_kind;
}

int findings(void)
{
	return nfindings;
}

const char *one_line(const char *text)
{
	static char line[600];
	size_t n = 0;

	for (; *text != '\0' && n < sizeof(line) - 4; text++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s",
				      *text == '\n' ? " | " : (char[]){*text, '\0'});
	line[n] = '\0';
	return line;
}

const char *status_text(int status)
{
	static char text[64];

	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "it was ended by a signal: %s",
			 strsignal(WTERMSIG(status)));
	else
		snprintf(text, sizeof(text), "it ended with status %d", WEXITSTATUS(status));
	return text;
}

static const char *ordinal(int n)
{
	static char text[16];
	const char *ending = "th";

	if (n % 10 >= 1 && n % 10 <= 3 && n / 10 % 10 != 1)
		ending = (const char *[]){"st", "nd", "rd"}[n % 10 - 1];
	snprintf(text, sizeof(text), "%d%s", n, ending);
	return text;
}

static void report(const char *expected, const char *seen)
{
	const struct fault *f = &run.fault;

	run.reported = true;
	nfindings++;
	if (f->call == NULL)
		printf("%s, and no call fails\n", program);
	else if (f->error->way == KILLED)
		printf("%s, killed before the %s %s\n", program, ordinal(f->nth), f->call->call);
	else
		printf("%s, the %s %s fails: %s\n", program, ordinal(f->nth), f->call->call,
		       f->error->name);
	printf("     expected: %s\n     seen: %s\n", expected, seen);
	if (run_complaints()[0] != '\0')
		printf("     its stderr: %s\n", one_line(run_complaints()));
	if (f->call != NULL)
		printf("     alone: tests/sweep -c %s -n %d -e %s %s %s\n", f->call->call, f->nth,
		       f->error->name, program, kind);
	fflush(stdout);
}

void finding(const char *expected, const char *seen, ...)
{
	char text[1024];
	va_list args;

	if (run.reported || fault_killed())
		return;
	va_start(args, seen);
	vsnprintf(text, sizeof(text), seen, args);
	va_end(args);
	report(expected, text);
}

/* ---- Rules */

/*
 * Whether a message begins with the name of another call of the table, as "bind 127.0.0.1:80: Too
 * many open files" does when it was socket that failed. It may begin with anything else.
 */
static bool names_another(const char *message)
{
	const struct failing *failed = run.fault.call;
	size_t n = strspn(message, "abcdefghijklmnopqrstuvwxyz_");

	for (const struct failing *f = failing; f->call != NULL; f++)
		if (strlen(f->call) == n && strncmp(message, f->call, n) == 0)
			return strcmp(f->call, failed->call) != 0 &&
			       strcmp(f->call, failed->also) != 0;
	return false;
}

/* LINE: "epoll/lt_server: bind 127.0.0.1:80: Address already in use (EADDRINUSE)". */
static void judge_message(const char *line)
{
	const char *message = strstr(line, ": ");
	char error[32];

	snprintf(error, sizeof(error), "(%.*s)\n", (int)strcspn(run.fault.error->name, "-"),
		 run.fault.error->name);
	if (message == NULL || strstr(line, error) == NULL)
		finding("a line with the error's name", "%s", one_line(line));
	else if (names_another(message + 2))
		finding("a line that does not name another call", "%s", one_line(line));
}

/* Its lines on stderr, except libevent's own, "[warn] …"; LINE: the first one, if there is one. */
static int complaints(const char **line)
{
	int n = 0;

	for (const char *p = run_complaints(); *p != '\0'; p += strcspn(p, "\n") + 1)
		if (*p != '[' && n++ == 0)
			*line = p;
	return n;
}

void judge_failure(bool one)
{
	const char *line = NULL;
	int n = complaints(&line);

	if (fault_killed() || (fault_happened() && run.status == LOADER_FAILED << 8))
		return;
	if (!fault_happened())
		finding("no end without a reason", "%s", status_text(run.status));
	else if (run.status != 1 << 8)
		finding("status 1", "%s", status_text(run.status));
	else if (n == 0 || (one && n > 1))
		finding("one line on stderr", "%d", n);
	else if (run.fault.call->also != LIBRARY && run.fault.error->way != KILLED)
		judge_message(line);
}

void judge_complaints(void)
{
	const char *line;
	int n = complaints(&line);

	if (n > 1 && !fault_lasts())
		finding("one line on stderr at most", "%d", n);
}

static int files(void)
{
	DIR *dir = opendir(".");
	struct dirent *entry;
	int n = 0;

	if (dir == NULL)
		err(1, "opendir");
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.') {
			n++;
			unlink(entry->d_name);
		}
	closedir(dir);
	return n;
}

void judge_left_behind(void)
{
	bool processes = run_clean_up();
	int nfiles = files();

	if (processes && !run.reported) /* who kills the first process must not see others */
		report("all its processes end", "some are left");
	if (nfiles > 0 && run_complaints()[0] == '\0')
		finding("its file is removed, or a line on stderr", "the file is left");
}
