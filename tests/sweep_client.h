/* What a client's run looks like, from outside, when one of its calls fails: is it right? */
#ifndef TESTS_SWEEP_CLIENT_H
#define TESTS_SWEEP_CLIENT_H

#include "tests/sweep_run.h"

/*
 * Runs the client ARGV, for a server that works, with FAULT and reports what is wrong. In the first
 * run nothing fails: what it prints then is what it has to print. GROUP: a group client, which ends
 * when it has heard enough. STREAM: when it fails it prints the beginning of that, and one line on
 * stderr; other clients go on with what comes next.
 */
struct client {
	char *const *argv;
	bool group, stream;
};
void judge_client(const struct client *c, const struct fault *fault);

#endif
