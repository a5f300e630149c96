/* What a program has to set up before it begins; options() calls it. */
#ifndef WRAP_START_H
#define WRAP_START_H

/*
 * Afterwards descriptors 0 to 2 are open, if only on /dev/null; stdin blocks; SIGPIPE and SIGXFSZ
 * are ignored, so that a write fails instead of ending the program; SIGCHLD has its default action
 * and no signal is blocked. signal(7).
 */
void start_cleanly(void);

#endif
