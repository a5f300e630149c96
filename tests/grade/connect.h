/* How the grader's own connections begin. */
#ifndef GRADE_CONNECT_H
#define GRADE_CONNECT_H

/*
 * Connects, and returns the descriptor. A full queue of the server is no error yet: it tries again
 * at once, for as long as an answer may take. For datagrams a connected socket; on a path with a
 * name of its own, so that it can be answered.
 */
int visit_connect(void);

/* The same without being a step of the story, and for MS milliseconds at most; -1: it did not work.
 */
int visit_try_connect(int ms);

#endif
