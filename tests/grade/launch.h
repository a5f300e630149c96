/* The start of the server that is graded: on which address, and until it is ready. */
#ifndef GRADE_LAUNCH_H
#define GRADE_LAUNCH_H

#include <stdbool.h>

#include "tests/grade/sockets.h"
#include "tests/grade/tree.h"

/* Where it listens, once it is ready, and its main process: program_main. */
extern struct waiting program_at;

/* The grader's process, which all of the program descends from. */
extern pid_t launch_grader;

/* The descriptors that take its stdout and stderr, and the folder for its path. Set by the grader.
 */
extern int launch_output, launch_errors;
#define FOLDER_BYTES 80 /* with a name behind it, it must fit into a path of AF_UNIX: unix(7) */
extern char launch_folder[FOLDER_BYTES];

/*
 * program_start runs the command and returns when the kernel shows its socket, on a free port, on a
 * path in launch_folder, or where PORT says. program_start_again does the same on the same address.
 * Both end the try when it does not come to that within START_SECONDS, scaled.
 */
void program_start(void);
void program_start_again(void);

/* Runs the command once more, on the same address, beside the first one; returns its process. */
pid_t program_start_second(void);

/* The path where it listens, or is to listen. */
const char *program_path(void);

/* All processes of the program; and those that hold the socket where it is to listen. */
void program_processes(struct pids *pids);
void program_holders(struct pids *pids);

/* Whether nothing of it runs, but perhaps as a zombie. */
bool program_ended(void);

/* The status of the process that was started first, by waitpid(2); -1 while it runs. */
int program_status(void);

#endif
