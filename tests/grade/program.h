/* The server that is graded, while it runs: its processes, held back, stopped, ended. */
#ifndef GRADE_PROGRAM_H
#define GRADE_PROGRAM_H

#include <stdbool.h>

#include "tests/grade/launch.h"

/* The processes that hold its socket, and what descends from them; all of them when it is a client.
 */
void program_servers(struct pids *pids);

/*
 * The one process to send signals to: the topmost that holds the socket, or its parent where that
 * runs the same file, as with a crew of which each member has a socket of its own. It is looked up
 * when the server is ready; program_is_ready does that.
 */
void program_is_ready(void);
pid_t program_main(void);
bool program_gone(void); /* whether that one has ended */

/* Kills all of it, and returns when nothing of it runs. */
void program_kill(void);

/*
 * While it is frozen, clients, data and ends wait together, and the server finds all of them at one
 * wake-up. Does nothing with a server that is known to end then: there is a level for that.
 */
void program_freeze(void);
void program_thaw(void);

/* The same with any server. */
void program_stop(void);
void program_continue(void);

/*
 * Ends the try with "spins" when the servers use much processor time although nothing happens,
 * WHEN. Only after an answer: a server that does nothing rests too.
 */
void program_rests(const char *when);

#endif
