/* What happened in a try: the steps of the grader, what was expected, what was seen instead. */
#ifndef GRADE_STORY_H
#define GRADE_STORY_H

#include <stdbool.h>
#include <stddef.h>

struct story {
	bool passed;
	bool down;	/* the program did not start, or has ended since */
	bool freezable; /* the server goes on after SIGSTOP and SIGCONT: program_freeze */
	char after[1500], expected[600], saw[1000];
	char symptom[24]; /* a word that the table of levels knows, or knows not */
};

/* The story of the present try, in memory that its process shares with the grader. */
extern struct story *story;

/* Makes that memory, for the whole run; empties it for the next try. mmap(2), MAP_SHARED. */
void story_create(void);
void story_clear(void);

/* Add a step, or replace what is expected next; printf formats. While QUIET no step is added. */
void after(const char *step, ...) __attribute__((format(printf, 1, 2)));
void expecting(const char *what, ...) __attribute__((format(printf, 1, 2)));
void story_quiet(bool quiet);

/* All steps so far went well, and the next ones do not build on them: forget them. */
void next_part(void);

/* The level is passed. Whatever goes wrong later in this try no longer counts. */
void passes(void);

/*
 * Ends the try, and this process: the level is failed with SYMPTOM, and what was seen is SAW.
 * Before that, story_last_look, unless it is NULL, may add what has become of the program.
 */
void fails(const char *symptom, const char *saw, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
extern void (*story_last_look)(void);

/* Adds to what was seen. */
void also_seen(const char *what, ...) __attribute__((format(printf, 1, 2)));

/*
 * The N bytes at BYTES as a C string literal, its middle left out when it is long. The text stays
 * until the fourth call after this one.
 */
const char *quoted(const char *bytes, size_t n);

#endif
