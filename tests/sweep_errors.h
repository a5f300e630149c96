/*
 * Which system calls the sweep lets fail, and with which errors: those that a kernel can give and
 * after which the call has not been made. What is left out has its reason in sweep_errors.c.
 */
#ifndef TESTS_SWEEP_ERRORS_H
#define TESTS_SWEEP_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

enum way {
	ONCE,	 /* one call fails */
	LASTING, /* so do all that follow for a while: a shortage */
	LIMITED, /* the same, but not while the process has fewer descriptors open than at first */
	KILLED,	 /* the process that makes the call is killed in place of it */
};

struct error {
	const char *name; /* "EMFILE", "EMFILE-lasting", "SIGKILL" */
	int number;	  /* errno, or the signal */
	enum way way;
};

/* The C library makes such a call for something else, and reports its failure as it likes. */
#define LIBRARY NULL

enum sockets { STREAM = 1, DATAGRAM = 2, ANY = 3 };

struct failing {
	const char *call;     /* a name of tests/calls.h */
	enum sockets sockets; /* which programs it is for */
	const char *also;     /* another call that a message may name for it; NULL: see LIBRARY */
	struct error errors[10]; /* the most telling one first; a name of NULL ends them */
};

/* All of them; a call of NULL ends them. */
extern const struct failing failing[];

/* For programs of several processes: any of their calls, see KILLED. */
extern const struct error killed;

/* Whether the kernel can give this error for this call with these arguments. */
bool can_fail(const char *call, const struct error *error, const uint64_t args[6]);

#endif
