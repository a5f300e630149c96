/* What a server's run looks like, from outside, when one of its calls fails: is it right? */
#ifndef TESTS_SWEEP_SERVER_H
#define TESTS_SWEEP_SERVER_H

#include "tests/sweep_run.h"

/*
 * Runs the server ARGV with FAULT and reports what is wrong. In the first run nothing fails: then
 * it sees what the server uses when nobody is there. TYPE is SOCK_STREAM or SOCK_DGRAM. GROUP: the
 * socket where it is heard that a group server sends, or -1. ALONE: the server has one client at a
 * time. LOOPS: a process has many clients, and when it is killed they end with it.
 */
struct server {
	char *const *argv;
	int type, group;
	bool alone, loops;
};
void judge_server(const struct server *s, const struct fault *fault);

#endif
