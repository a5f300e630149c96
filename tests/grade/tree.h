/* The graded program as a tree of processes: who they are, and how all of them are ended. */
#ifndef GRADE_TREE_H
#define GRADE_TREE_H

#include <stdbool.h>
#include <sys/types.h>

#define MOST_PROCESSES 16384

struct pids {
	int n;
	pid_t pid[MOST_PROCESSES];
};

void pids_add(struct pids *pids, pid_t pid); /* unless there is no room */
bool pids_have(const struct pids *pids, pid_t pid);

/* Adds to TREE all that descend from the processes in it, zombies too. proc(5), PID/stat. */
void tree_grow(struct pids *tree);

/* The processes of the program that is graded: all that descend from GRADER, but for the process
 * that calls. */
void tree_below(pid_t grader, struct pids *tree);

/*
 * The grader becomes the parent of every descendant whose own parent ends, so that a daemon does
 * not get away. prctl(2), PR_SET_CHILD_SUBREAPER.
 */
void tree_adopts(void);

/*
 * Kills and reaps all descendants of this process. Returns how many could not be ended within
 * SECONDS: those that belong to another user.
 */
int tree_end(int seconds);

#endif
