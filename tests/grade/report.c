/*
 * Text is printed level by level, because an instructor watches it; so is TAP. Gradescope reads one
 * JSON file, which is complete only at the end. All three have the same details.
 */
#include "tests/grade/report.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/talk.h"

#define NAME_WIDTH 20
#define INDENT 34      /* of the details, below the first one */
#define WIDTH 84       /* of the details */
#define OUTPUT_LINES 5 /* of what the program printed */

static bool is(const char *format)
{
	return strcmp(settings.format, format) == 0;
}

/* The last lines of OUTPUT, other than printable bytes left out. */
static void add_output(FILE *to, const char *output, size_t n)
{
	size_t from = n;

	for (int lines = 0; from > 0 && lines < OUTPUT_LINES; from--)
		lines += from > 1 && output[from - 2] == '\n';
	if (n == 0)
		return;
	fprintf(to, "it printed last:\n    ");
	for (; from < n; from++) {
		unsigned char c = (unsigned char)output[from];
		if (c == '\n' && from + 1 < n)
			fputs("\n    ", to);
		else if (c >= ' ' && c != 127)
			fputc(c, to);
	}
	fputc('\n', to);
}

/* BREAKS is a list with blanks between them. */
static void add_breaks(FILE *to, const char *breaks)
{
	size_t first = strcspn(breaks, " ");

	if (first == 0)
		return;
	fprintf(to, "see it: make break B=%.*s", (int)first, breaks);
	if (breaks[first] != '\0')
		fprintf(to, " (others: %s)", breaks + first + 1);
	fputc('\n', to);
}

char *report_failure(const struct level *level, const char *output, size_t n)
{
	const struct cause *cause = table_cause(level, story->symptom);
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		die_errno("open_memstream");
	if (story->after[0] != '\0')
		fprintf(to, "after: %s\n", story->after);
	fprintf(to, "expected %s; saw %s\n", story->expected, story->saw);
	if (cause != NULL && cause->text[0] != '\0')
		fprintf(to, "likely: %s\n", cause->text);
	if (cause != NULL && cause->page[0] != '\0')
		fprintf(to, "read: %s\n", cause->page);
	if (cause != NULL)
		add_breaks(to, cause->breaks);
	add_output(to, output, n);
	fclose(to);
	return text;
}

/* How much of TEXT goes into a line of WIDTH: up to its newline, otherwise to a blank if there is
 * one. */
static size_t that_fits(const char *text, size_t width)
{
	size_t n = strcspn(text, "\n"), cut = width;

	if (n <= width)
		return n;
	while (cut > 0 && text[cut] != ' ')
		cut--;
	return cut > 0 ? cut : width;
}

/* TEXT in lines of WIDTH, the first one after FIRST and the others after OTHERS. */
static void print_lines(const char *text, const char *first, const char *others, size_t width)
{
	for (const char *before = first; *text != '\0'; before = others) {
		size_t n = that_fits(text, width);
		printf("%s%.*s\n", before, (int)n, text);
		text += n + (text[n] == '\n' || text[n] == ' ');
	}
}

static void print_json(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c == '\n')
			fputs("\\n", stdout);
		else if (c < ' ' || c >= 127)
			printf("\\u%04x", c); /* a byte of the program's is no sure UTF-8 */
		else
			putchar(c);
	}
	putchar('"');
}

void report_begin(void)
{
	if (is("tap"))
		printf("TAP version 13\n1..%d\n", nlevels);
}

void report_level(int nth, const struct result *r)
{
	const struct level *level = &levels[nth];
	char indent[INDENT + 1];

	memset(indent, ' ', INDENT);
	indent[INDENT] = '\0';
	if (is("tap")) {
		printf("%sok %d - %s\n", r->verdict == PASSED ? "" : "not ", nth + 1, level->name);
		print_lines(r->details, "# ", "# ", SIZE_MAX);
	} else if (is("text")) {
		printf("%2d %-*s %3d/%d", nth + 1, NAME_WIDTH, level->name, r->score,
		       level->points);
		if (r->details[0] == '\0')
			putchar('\n');
		print_lines(r->details, "   ", indent, WIDTH);
	}
	fflush(stdout);
}

void report_end(const struct result *results)
{
	int points = 0, most = 0, stands_at = 0;

	for (int i = 0; i < nlevels; i++) {
		points += results[i].score;
		most += levels[i].points;
		if (stands_at == i && results[i].verdict == PASSED)
			stands_at = i + 1;
	}
	if (is("gradescope")) {
		printf("{\"score\": %d, \"output\": \"stands at level %d of %d\", \"tests\": [\n",
		       points, stands_at, nlevels);
		for (int i = 0; i < nlevels; i++) {
			printf("  {\"number\": \"%d\", \"name\": ", i + 1);
			print_json(levels[i].name);
			printf(
			    ", \"score\": %d, \"max_score\": %d, \"status\": \"%s\", \"output\": ",
			    results[i].score, levels[i].points,
			    results[i].verdict == PASSED ? "passed" : "failed");
			print_json(results[i].details);
			printf("}%s\n", i < nlevels - 1 ? "," : "");
		}
		printf("]}\n");
	} else {
		printf("%sstands at level %d of %d: %d of %d points\n", is("tap") ? "# " : "",
		       stands_at, nlevels, points, most);
	}
	fflush(stdout);
}
