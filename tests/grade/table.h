/* The table of levels: what is tried, for how many points, and what to read when it fails. */
#ifndef GRADE_TABLE_H
#define GRADE_TABLE_H

#include <stdbool.h>

#define MOST_LEVELS 64
#define MOST_CAUSES 12

/* A likely cause, for one symptom of a level, or for all others ("any"). */
struct cause {
	char *symptom, *text, *page, *breaks;
};

struct level {
	char *name;
	int points;
	char *kinds; /* words; " tcp ", " udp " or " unix " among them: only for these sockets */
	char *needs; /* names of levels, with commas between them */
	struct cause causes[MOST_CAUSES];
	int ncauses;
};

extern struct level levels[MOST_LEVELS];
extern int nlevels;

/* Reads the levels of FILE that count for the settings, in order. A wrong line ends the program
 * with 2. */
void table_read(const char *file);

/*
 * Keeps of these levels those that the exercise NAME includes, and behind them the exercise itself
 * when it has points, and so a trial, of its own. FILE is the table of exercises, in the same form;
 * what a level needs is here what the exercise includes. A wrong name ends the program with 2.
 */
void table_choose(const char *file, const char *name);

/* The level of that name, its place in levels; -1: it is not among those that count. */
int table_find(const char *name);

/* The cause for SYMPTOM in LEVEL; NULL when the table has none. */
const struct cause *table_cause(const struct level *level, const char *symptom);

#endif
