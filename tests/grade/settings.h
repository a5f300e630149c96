/* What is graded and how: the variables of make grade's command line. */
#ifndef GRADE_SETTINGS_H
#define GRADE_SETTINGS_H

#include <stdbool.h>

struct settings {
	const char *command; /* S or C, for sh -c; with {port} and the like still in it */
	bool is_client;	     /* C was given */
	bool datagram;	     /* KIND=datagram: UDP, or SOCK_DGRAM with a path */
	bool path;	     /* AF_UNIX: the command has {path}, or PORT is a path */
	bool plain;	     /* ECHO=plain: bytes come back as they were */
	bool full;	     /* FULL=1: 5,000 idle clients instead of 1,000 */
	const char *kind; /* one, concurrent, crew, event, datagram; for clients stream, datagram */
	const char *where;	  /* PORT: where the program listens; NULL: a free one each time */
	const char *format;	  /* text, tap, gradescope */
	const char *levels;	  /* LEVELS: the table's file */
	const char *exercise;	  /* EX: the exercise that is graded; NULL: the whole ladder */
	double answer_s, start_s; /* ANSWER_SECONDS, START_SECONDS; both before they are scaled */
};

extern struct settings settings;

/* Reads them from the environment. A wrong one ends the program with a line and status 2. */
void settings_read(void);

/*
 * The grader's own socket, which a proxy under test is to connect to. It is bound, so that nobody
 * else gets its port, and listens when a trial makes it listen.
 */
int settings_upstream(int *port);

/* TEXT with {port}, {path}, {host} and {upstream} replaced; the caller frees it. */
char *settings_fill_in(const char *text, int port, const char *path);

#endif
