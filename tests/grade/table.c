/*
 * A line of the table that begins at its first column is a level, the indented lines below it are
 * the causes of its failure; '|' stands between the fields, '#' begins a comment. The file explains
 * itself to the instructor who changes it. The table of exercises has the same form.
 */
#include "tests/grade/table.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/grade/settings.h"
#include "tests/talk.h"

struct level levels[MOST_LEVELS];
int nlevels;
static struct level common; /* the causes that stand below "any level" */

static void wrong(const char *file, int line, const char *what)
{
	fprintf(stderr, "make grade: %s, line %d: %s\n", file, line, what);
	exit(2);
}

/* The next field of *REST without the blanks around it; empty when there is none. */
static char *field(char **rest)
{
	static char none[] = "";
	char *text = strsep(rest, "|");

	if (text == NULL)
		return none;
	while (isspace((unsigned char)*text))
		text++;
	for (size_t n = strlen(text); n > 0 && isspace((unsigned char)text[n - 1]); n--)
		text[n - 1] = '\0';
	return text;
}

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = words; (at = strstr(at, word)) != NULL; at += n)
		if ((at == words || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

static bool counts(const struct level *level)
{
	if (settings.exercise != NULL) /* it says itself which levels it includes */
		return true;
	bool any = !has_word(level->kinds, "tcp") && !has_word(level->kinds, "udp") &&
		   !has_word(level->kinds, "unix");
	const char *socket = settings.path ? "unix" : settings.datagram ? "udp" : "tcp";
	bool client = has_word(level->kinds, "client");

	return has_word(level->kinds, settings.kind) && client == settings.is_client &&
	       (any || has_word(level->kinds, socket));
}

/* The whole file. It stays, because names, causes and pages are parts of it. */
static char *read_file(const char *file)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = fopen(file, "r");

	if (f == NULL || getdelim(&text, &size, '\0', f) == -1) {
		fprintf(stderr, "make grade: %s: %s\n", file,
			f == NULL ? strerror(errno) : "empty");
		exit(2);
	}
	fclose(f);
	return text;
}

static void read_cause(struct level *level, char *rest)
{
	struct cause *cause = &level->causes[level->ncauses++];

	cause->symptom = field(&rest);
	cause->text = field(&rest);
	cause->page = field(&rest);
	cause->breaks = field(&rest);
}

static void read_table(const char *file, int least_points)
{
	char *text = read_file(file), *rest;
	struct level *now = NULL;

	for (int at = 1; (rest = strsep(&text, "\n")) != NULL; at++) {
		if (rest[strspn(rest, " \t")] == '\0' || rest[0] == '#')
			continue;
		if (isspace((unsigned char)rest[0])) {
			if (now == NULL || now->ncauses == MOST_CAUSES)
				wrong(file, at, "a cause without a level, or one too many");
			read_cause(now, rest);
			continue;
		}
		struct level level = {.name = field(&rest)};
		level.points = number(field(&rest));
		level.kinds = field(&rest);
		level.needs = field(&rest);
		bool is_common = strcmp(level.name, "any level") == 0;
		if (nlevels == MOST_LEVELS || (level.points < least_points && !is_common))
			wrong(file, at, "expected: level | points | kinds | needs");
		now = is_common ? &common : &levels[nlevels];
		*now = level;
		nlevels += !is_common && counts(now);
	}
}

void table_read(const char *file)
{
	read_table(file, 1);
}

/* Whether the list NAMES, with ", " between them, has NAME. */
static bool lists(const char *names, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = names; (at = strstr(at, name)) != NULL; at += n)
		if ((at == names || (at[-1] == ' ' && at[-2] == ',')) &&
		    (at[n] == ',' || at[n] == '\0'))
			return true;
	return false;
}

static void no_such_exercise(const char *name, int first)
{
	fprintf(stderr, "make grade: there is no exercise '%s' with EX; the exercises are", name);
	for (int i = first; i < nlevels; i++)
		fprintf(stderr, " %s", levels[i].name);
	fprintf(stderr, "\n");
	exit(2);
}

void table_choose(const char *file, const char *name)
{
	int first = nlevels, nth = first, kept = 0;

	read_table(file, 0);
	while (nth < nlevels && strcmp(levels[nth].name, name) != 0)
		nth++;
	if (nth == nlevels)
		no_such_exercise(name, first);
	struct level own = levels[nth];
	if (has_word(own.kinds, "client") != settings.is_client ||
	    !has_word(own.kinds, settings.kind)) {
		fprintf(stderr, "make grade: EX=%s is for these kinds: %s\n", name, own.kinds);
		exit(2);
	}
	for (int i = 0; i < first; i++)
		if (lists(own.needs, levels[i].name))
			levels[kept++] = levels[i];
	if (own.points > 0)
		levels[kept++] = own;
	nlevels = kept;
}

int table_find(const char *name)
{
	for (int i = 0; i < nlevels; i++)
		if (strcmp(levels[i].name, name) == 0)
			return i;
	return -1;
}

static const struct cause *cause_in(const struct level *level, const char *symptom)
{
	for (int i = 0; i < level->ncauses; i++)
		if (strcmp(level->causes[i].symptom, symptom) == 0)
			return &level->causes[i];
	return NULL;
}

const struct cause *table_cause(const struct level *level, const char *symptom)
{
	const struct cause *cause = cause_in(level, symptom);

	if (cause == NULL)
		cause = cause_in(&common, symptom);
	return cause != NULL ? cause : cause_in(level, "any");
}
