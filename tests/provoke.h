/*
 * The unit tests' means to provoke what otherwise hits a program once in a thousand runs. Each ends
 * the test when a call fails.
 */
#ifndef TESTS_PROVOKE_H
#define TESTS_PROVOKE_H

/*
 * From now on until stop_alarms a signal comes every millisecond, which interrupts a call that
 * waits (no SA_RESTART). From the tenth on each one also calls OTHERS, unless that is NULL: it
 * plays what other processes do meanwhile. setitimer(2).
 */
void start_alarms(void (*others)(void));
void stop_alarms(void);

/* The two ends of a stream. One end takes little, with small_buffer, before a write to it waits. */
void pair(int fds[2]);
void small_buffer(int fd);

/* Writes all of TEXT at once. */
void put(int fd, const char *text);

/* A stream socket that listens at an address which the kernel picks, and a client of the last one.
 */
int listen_unix(void);
int connect_unix(void);

/* Lowers the soft limit so that no descriptor can be opened; raises it again. getrlimit(2). */
void no_more_descriptors(void);
void more_descriptors(void);

#endif
