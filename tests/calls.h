/*
 * System calls by name. One call of a program's source is several calls of the kernel: poll(2) is
 * also ppoll, and ppoll_time64 on a 32-bit machine; accept is accept4, or the fifth function of
 * socketcall. Which of them exist differs from machine to machine. Here all have the name that the
 * source has for them, so that nobody else needs to know their numbers.
 */
#ifndef TESTS_CALLS_H
#define TESTS_CALLS_H

#include <stddef.h>

struct call {
	const char *name; /* as in the source: "accept", "recv"; "clone" is fork(2) and threads */
	int number;	  /* SYS_…, syscall(2) */
	int function;	  /* of socketcall(2), where NUMBER is that; otherwise 0 */
};

/* All calls of this machine that the tests have a name for, NCALLS of them. */
extern const struct call calls[];
extern const size_t ncalls;

/* The name of the call with this number (and first argument); NULL: none of the above. */
const char *call_name(int number, unsigned long long argument);

#endif
