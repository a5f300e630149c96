/* How a program is run: its command line, and for a client a server beside it. */
#ifndef TESTS_SWEEP_COMMAND_H
#define TESTS_SWEEP_COMMAND_H

#include <stdbool.h>

#include "tests/sweep_client.h"
#include "tests/sweep_errors.h"
#include "tests/sweep_server.h"

/* The sockets of the programs of this kind, as in tests/programs. */
enum sockets command_sockets(const char *kind);

/*
 * WORDS are the program, "epoll/lt_server", its kind and its options, and a NULL. Sets SERVER and
 * returns true, or sets CLIENT, starts a server for it, and returns false. The current folder
 * becomes theirs, for sockets of AF_UNIX.
 */
bool command_prepare(char *words[], struct server *server, struct client *client);

/* Ends the server for a client. */
void command_end(void);

#endif
