/* The command line. A letter means the same in every program. */
#ifndef WRAP_OPTIONS_H
#define WRAP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* What is not given and has no default is 0 or NULL. */
struct options {
	const char *host;	 /* HOST, or -a ADDR */
	uint16_t port;		 /* PORT */
	const char *path;	 /* PATH */
	bool verbose, quiet;	 /* -v, -q */
	double timeout;		 /* -t SECONDS */
	double period;		 /* -s SECONDS */
	int workers;		 /* -w N */
	int count;		 /* -n N */
	int buffer_bytes;	 /* -B BYTES */
	uint16_t listeners_port; /* -p PORT, of the listeners of a group */
	const char *broadcast;	 /* -b ADDR */
	const char *group;	 /* -g GROUP */
	const char *interface;	 /* -i IFACE */
	const char *own_path;	 /* -c OWN, of the client's own socket */
	int mode;		 /* -m lt|et: 0 for the first word, 1 for the second … */
};
extern struct options opt;

/*
 * Reads the command line into opt. USAGE lists what the program takes besides -h, each default
 * after an =, as in "[-v|-q] [-w N=4] [PORT=9998]". -h prints the usage and exits with 0. A mistake
 * in the command line prints a message and the usage to stderr, and exits with 2. getopt(3). It
 * also calls start_cleanly (wrap/start.h): from then on SIGPIPE is ignored.
 */
void options(int argc, char *argv[], const char *usage);

#endif
