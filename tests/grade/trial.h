/* A level of the table and what is done to the program for it. */
#ifndef GRADE_TRIAL_H
#define GRADE_TRIAL_H

#include <stddef.h>

/*
 * RUN tries the level NAME on a server that is ready, or on a client's command that nobody has
 * started yet. It returns when the program does what the level asks for; otherwise it ends the
 * process by fails.
 */
struct trial {
	const char *name;
	void (*run)(void);
};

/* The trial of that name; NULL: there is none. The lists that it looks through end with a NULL
 * name. */
const struct trial *trial_named(const char *name);

#endif
