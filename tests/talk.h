/*
 * What the tests' helpers share: ending with a reason, waiting with a bound, talking to a server.
 * None of it uses wrap/, because wrap/ is what they test.
 */
#ifndef TESTS_TALK_H
#define TESTS_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Print one line on stderr and exit with 1. die takes a printf format with its arguments, die_errno
 * the name of the call that failed, to which it adds the reason. printf(3), errno(3).
 */
void die(const char *what, ...) __attribute__((noreturn, format(printf, 1, 2)));
void die_errno(const char *call) __attribute__((noreturn));

/* Prints a line on stdout, at once even into a pipe or a file. printf(3). */
void put_line(const char *what, ...) __attribute__((format(printf, 1, 2)));

/* Milliseconds of a clock that only goes forward. clock_gettime(2), CLOCK_MONOTONIC. */
int64_t clock_ms(void);
void nap_ms(int ms);

/*
 * The milliseconds that the waits of this case may still take, at least 1. The environment's
 * DEADLINE says when they must be over, by clock_ms; without it they have 30 s from the first call.
 */
int ms_left(void);

/* The number that TEXT begins with; 0 when there is none. */
int number(const char *text);

/* calloc and fork that end the program when they fail. calloc(3), fork(2). */
void *allocate(size_t bytes);
int new_process(void);

/* Raises the soft limit of descriptors to the hard one. getrlimit(2), RLIMIT_NOFILE. */
void allow_descriptors(void);

/* Reads stdin until it ends, and returns then. */
void until_stdin_ends(void);

/* hold_signal keeps SIGUSR1 back; await_signal waits for one, also one that has come since. */
void hold_signal(void);
void await_signal(void);

/*
 * Writes the address that TEXT stands for to SA and returns its length. TEXT is as a server prints
 * it: "127.0.0.1:9527", "[::1]:9527", a path of up to 108 bytes, or "@name" for an abstract one.
 * ip(7), ipv6(7), unix(7).
 */
socklen_t parse(const char *text, struct sockaddr_storage *sa);

/*
 * Return a socket of TYPE: connected to ADDR, from the address OWN unless that is NULL; or bound to
 * ADDR. What they send and receive is bounded by ms_left. End the program when a call fails.
 */
int dial_from(const char *own, const char *addr, int type);
int bound_to(const char *addr, int type);
int dial(const char *addr); /* a stream */

/* A port that nobody has, UDP or TCP, and that the kernel gives nobody. Ends the program without
 * one. */
int free_port(void);

/* Prints "WHAT on ADDR", the address that FD is bound to. getsockname(2). */
void print_address(const char *what, int fd);

/* Changes ASCII a-z to A-Z in the N bytes at BUF. */
void capitals(char *buf, size_t n);

/* Sends all N bytes, on a stream or as one datagram. */
void say(int fd, const char *text, size_t n);

/* Reads until N bytes have come or the stream has ended; returns how many came. */
size_t hear_some(int fd, char *buf, size_t n);

/* Ends the program unless the next N bytes are TEXT upper-cased; unless the stream ends here. */
void hear(int fd, const char *text, size_t n);
void hear_end(int fd);

/* Reads /proc/ID/stat, of a process or a thread: its state and its parent. False: there is none. */
bool process_state(int id, char *state, int *parent);

/*
 * One word of a helper's command line: its name, how many arguments it needs at least, and what
 * does the work with them; they end with NULL.
 */
struct word {
	const char *name;
	int least;
	void (*run)(char *args[]);
};

/*
 * Runs the one of WORDS that the command line names, with SIGPIPE ignored, and returns 0; exits
 * with 1 when it fails, and with 2 when there is no such word.
 */
int run_word(const struct word words[], size_t nwords, char *argv[]);

#endif
