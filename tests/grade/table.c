/*
 * A line of the table that begins at its first column is a level, the indented lines below it are
 * the causes of its failure; '|' stands between the fields, '#' begins a comment. The file explains
 * itself to the instructor who changes it.
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
	static char *text;
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

void table_read(const char *file)
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
		if (nlevels == MOST_LEVELS || (level.points <= 0 && !is_common))
			wrong(file, at, "expected: level | points | kinds | needs");
		now = is_common ? &common : &levels[nlevels];
		*now = level;
		nlevels += !is_common && counts(now);
	}
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
