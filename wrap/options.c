#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wrap/run.h"
#include "wrap/wrap.h"

struct options opt = {.host = "127.0.0.1"};

static const struct letter {
	char letter;
	enum { FLAG, TEXT, SECONDS, COUNT, PORT } kind;
	void *value;
	const char *name, *help;
} table[] = {
    {'v', FLAG, &opt.verbose, "", "show the data too"},
    {'q', FLAG, &opt.quiet, "", "print only the first and the closing line"},
    {'a', TEXT, &opt.host, "ADDR", "the address to listen on"},
    {'b', TEXT, &opt.broadcast, "ADDR", "the broadcast address"},
    {'g', TEXT, &opt.group, "GROUP", "the multicast group"},
    {'i', TEXT, &opt.interface, "IFACE", "the network interface"},
    {'p', PORT, &opt.listeners, "PORT", "the listeners' port"},
    {'c', TEXT, &opt.own, "OWN", "the client's own path"},
    {'m', TEXT, &opt.mode, "MODE", "how to wait and read"},
    {'t', SECONDS, &opt.timeout, "SECONDS", "a time-out"},
    {'s', SECONDS, &opt.period, "SECONDS", "a period"},
    {'w', COUNT, &opt.workers, "N", "how many workers"},
    {'n', COUNT, &opt.count, "N", "how many times"},
    {'B', COUNT, &opt.bytes, "BYTES", "the size of the socket's buffers"},
};

static const char *taken, *operands; /* what this program's command line may hold */

static const struct letter *find(int letter)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].letter == letter)
			return &table[i];
	return NULL;
}

static void usage(FILE *out)
{
	fprintf(out, "usage: %s [-h]", program_name());
	for (const char *t = taken; *t != '\0'; t++) {
		if (*t == 'v')
			fprintf(out, " [-v|-q]");
		else if (*t != 'q')
			fprintf(out, " [-%c %s]", *t, find(*t)->name);
	}
	fprintf(out, "%s%s\n", *operands == '\0' ? "" : " ", operands);
	for (const char *t = taken; *t != '\0'; t++) {
		const struct letter *l = find(*t);
		fprintf(out, "  -%c %-8s %s", *t, l->name, l->help);
		if (l->kind == TEXT && *(const char **)l->value != NULL)
			fprintf(out, " (%s)", *(const char **)l->value);
		if (l->kind == SECONDS && *(double *)l->value > 0)
			fprintf(out, " (%g)", *(double *)l->value);
		if (l->kind == COUNT && *(int *)l->value > 0)
			fprintf(out, " (%d)", *(int *)l->value);
		if (l->kind == PORT)
			fprintf(out, " (%u)", *(uint16_t *)l->value);
		fprintf(out, "\n");
	}
	if (strstr(operands, "HOST") != NULL)
		fprintf(out, "  HOST        the server's address (%s)\n", opt.host);
	if (strstr(operands, "PATH") != NULL)
		fprintf(out, "  PATH        the file to meet at (%s)\n", opt.path);
	if (strstr(operands, "PORT") != NULL)
		fprintf(out, "  PORT        the server's port (%u)\n", opt.port);
}

static void usage_error(const char *what, const char *value)
{
	errno = 0;
	complain("%s: '%s'", what, value);
	usage(stderr);
	exit(2);
}

static int whole_number(const char *text, long min, long max, const char *what)
{
	char *end;

	errno = 0;
	long n = strtol(text, &end, 10);
	if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || n < min || n > max)
		usage_error(what, text);
	return (int)n;
}

static void set(const struct letter *l, const char *text)
{
	char *end;
	double seconds;

	switch (l->kind) {
	case FLAG:
		*(bool *)l->value = true;
		break;
	case TEXT:
		*(const char **)l->value = text;
		break;
	case SECONDS:
		seconds = strtod(text, &end);
		if (end == text || *end != '\0' || !(seconds >= 0.001 && seconds <= 1e6))
			usage_error("not a number of seconds from 0.001 to 1000000", text);
		*(double *)l->value = seconds;
		break;
	case COUNT:
		*(int *)l->value = whole_number(text, 1, INT_MAX, "not a whole number from 1");
		break;
	case PORT:
		*(uint16_t *)l->value = (uint16_t)whole_number(text, 1, 65535, "not a port");
		break;
	}
}

/* The next operand becomes *VALUE, if there is one and this program takes NAME. */
static void operand(const char *name, const char **value, char *argv[])
{
	if (strstr(operands, name) != NULL && argv[optind] != NULL)
		*value = argv[optind++];
}

/* A socket that got the number of a closed stdin or stdout would be read or written as such. */
static void take_standard_descriptors(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDONLY)) != -1 && fd <= STDERR_FILENO)
		;
	close(fd);
}

void options(int argc, char *argv[], const char *letters, const char *names)
{
	char known[64] = ":h";
	const char *port = NULL;
	int c, n = 2;
	sigset_t none;

	taken = letters;
	operands = names;
	take_standard_descriptors();
	program_name();		  /* found before there are threads that may ask at once */
	signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error of one write, not our end */
	signal(SIGCHLD,
	       SIG_DFL); /* who started us may have had it ignored, or the signals blocked */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (const char *t = taken; *t != '\0'; t++)
		n += sprintf(known + n, "%c%s", *t, find(*t)->kind == FLAG ? "" : ":");
	while ((c = getopt(argc, argv, known)) != -1) {
		char letter[2] = {(char)optopt};
		if (c == 'h') {
			usage(stdout);
			exit(EXIT_SUCCESS);
		}
		if (c == '?' || c == ':')
			usage_error(c == '?' ? "unknown option" : "option without its value",
				    letter);
		set(find(c), optarg);
	}
	if (opt.verbose && opt.quiet)
		usage_error("one or the other", "-v -q");
	operand("HOST", &opt.host, argv);
	operand("PATH", &opt.path, argv);
	operand("PORT", &port, argv);
	if (argv[optind] != NULL)
		usage_error("extra argument", argv[optind]);
	if (port != NULL) /* 0 asks the kernel for a free one: only who listens can */
		opt.port = (uint16_t)whole_number(port, strstr(operands, "HOST") == NULL ? 0 : 1,
						  65535, "not a port");
}

int option_mode(const char *const words[])
{
	int i = 0;

	while (words[i] != NULL && strcmp(opt.mode, words[i]) != 0)
		i++;
	if (words[i] == NULL)
		usage_error("unknown mode", opt.mode);
	return i;
}
