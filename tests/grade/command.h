/* Runs a command of the user's in surroundings that are not the grader's own. */
#ifndef GRADE_COMMAND_H
#define GRADE_COMMAND_H

#include <sys/types.h>

/*
 * Starts TEXT by sh -c, in a process group of its own, with these descriptors as stdin, stdout and
 * stderr, no other ones, and every signal as it is by default. Returns the process, which is killed
 * when the calling one ends.
 */
pid_t command_start(const char *text, int in, int out, int err);

/* How a process ended, of its status by waitpid(2), as a text: "by signal 11 (SIGSEGV)". */
const char *command_end_text(int status);

/* The signal that ended it, also when a shell has reported that as 128 + signal; 0: none did. */
int command_end_signal(int status);

/* The name of the signal, like "SIGSEGV". */
const char *signal_name(int signo);

#endif
