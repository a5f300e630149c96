/* What every program does besides its topic: command line, start, stop, log, shortages. */
#ifndef WRAP_RUN_H
#define WRAP_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The command line. A letter means one thing everywhere; what is not given is 0 or NULL. */
struct options {
	const char *host;      /* HOST, or -a ADDR */
	uint16_t port;	       /* PORT */
	const char *path;      /* PATH */
	bool verbose, quiet;   /* -v, -q */
	double timeout;	       /* -t SECONDS */
	double period;	       /* -s SECONDS */
	int workers;	       /* -w N */
	int count;	       /* -n N */
	int bytes;	       /* -B BYTES */
	uint16_t listeners;    /* -p PORT: the port of a group's listeners */
	const char *broadcast; /* -b ADDR */
	const char *group;     /* -g GROUP */
	const char *interface; /* -i IFACE */
	const char *own;       /* -c OWN: the client's own path */
	int mode;	       /* -m lt|et: 0 for the first word, 1 for the second … */
};
extern struct options opt;

/*
 * Reads the command line into opt. USAGE says what the program takes besides -h and, behind an =,
 * what it has when not told: "[-v|-q] [-w N=4] [PORT=9998]". With -h prints the usage, exit 0; a
 * usage error says what is wrong and prints the usage to stderr, exit 2. Afterwards SIGPIPE is
 * ignored and descriptors 0, 1 and 2 are taken, if only by one that can't be written. getopt(3).
 */
void options(int argc, char *argv[], const char *usage);

/*
 * Prints "listening on ADDRESS" for FD, the socket that the server listens or receives on. From
 * here on SIGINT and SIGTERM make stopping() true and shut FD down: an accept, recvfrom, select,
 * poll or epoll_wait on it returns, now and ever after, so that no signal between a check and a
 * blocking call is lost. stop_shuts has CFD shut down too, for a server that has one client at a
 * time; -1: none any more. shutdown(2), sigaction(2). wait_for_stop waits for that shutdown of LFD,
 * or for any signal that has a handler, held ones too; it may return early. ppoll(2).
 */
void server_ready(int fd);
bool stopping(void);
void stop_shuts(int cfd);
void wait_for_stop(int lfd);

/*
 * Prints the closing line and returns the exit status, 0: connections and bytes as counted below,
 * CPU with that of children waited for, the largest process's peak memory (getrusage(2), proc(5)
 * VmHWM), and most_processes: how many ran at most at one time, to be set by who makes them.
 */
int server_end(void);
extern int most_processes;

/* The program's own name, with its topic: "select/server". proc(5), /proc/self/exe. */
const char *program_name(void);

/*
 * Says on stderr, in one line and one write, what failed and why: "program: WHAT: reason (ENAME)".
 * WHAT is a printf format with its arguments; the reason is errno's, none when errno is 0.
 * errno stays as it was. After server_ready a stderr without room is not waited for: the line is
 * lost. printf(3), errno(3).
 */
void complain(const char *what, ...) __attribute__((format(printf, 1, 2)));

/* Raises the soft limit of descriptors to the hard one. getrlimit(2), RLIMIT_NOFILE. */
void raise_descriptor_limit(void);

/*
 * CALL failed with errno for want of descriptors, processes, threads or memory: says so, once as
 * long as it goes on (failures less than a second apart); silent when stopping. shortage also
 * waits 100 ms, so that a blocking server that tries again does not spin. After server_ready.
 */
void say_shortage(const char *call);
void shortage(const char *call);

/* Milliseconds of a clock that only goes forward. clock_gettime(2), CLOCK_MONOTONIC. */
int64_t now_ms(void);

/*
 * The log, a line each on stdout; none with -q. A slow reader is waited for a little (300 ms), but
 * a log that nobody reads must not stop the server: lines are lost then, and the next tells how
 * many. Those that count come after server_ready. WHO is the peer's address as text. log_connected
 * counts a connection, count_refused takes it back; log_data counts N bytes, and with -v shows them
 * as printable does; log_gone says "closed", or "reset" when ERR is not 0.
 */
void log_line(const char *what, ...) __attribute__((format(printf, 1, 2)));
void log_connected(const char *who);
void log_data(const char *who, const char *data, size_t n);
void log_gone(const char *who, uint64_t bytes, int err);
void count_refused(void);

/* Writes N bytes of DATA to TEXT, SIZE bytes with its NUL, odd ones as \xNN; returns how many. */
size_t printable(char *text, size_t size, const char *data, size_t n);

#endif
