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

/* What a command line may hold: options, and without a letter operands, in their order. */
static const struct item {
	char letter;
	enum { FLAG, TEXT, SECONDS, COUNT, PORT } kind;
	void *value;
	const char *name, *help;
} items[] = {
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
    {'\0', TEXT, &opt.host, "HOST", "the server's address"},
    {'\0', TEXT, &opt.path, "PATH", "the file to meet at"},
    {'\0', PORT, &opt.port, "PORT", "the server's port"},
};
#define END (items + sizeof(items) / sizeof(items[0]))

static const char *letters, *operands; /* what this program's may hold */

static bool taken(const struct item *i)
{
	return i->letter != '\0' ? strchr(letters, i->letter) != NULL
				 : strstr(operands, i->name) != NULL;
}

static void usage(FILE *out)
{
	fprintf(out, "usage: %s [-h]", program_name());
	for (const struct item *i = items; i < END; i++) {
		if (taken(i) && i->letter == 'v')
			fprintf(out, " [-v|-q]");
		else if (taken(i) && i->letter != '\0' && i->kind != FLAG)
			fprintf(out, " [-%c %s]", i->letter, i->name);
	}
	fprintf(out, "%s%s\n", *operands == '\0' ? "" : " ", operands);
	for (const struct item *i = items; i < END; i++) {
		char flag[] = {'-', i->letter, ' ', '\0'};
		if (!taken(i))
			continue;
		fprintf(out, "  %s%-*s %s", i->letter == '\0' ? "" : flag,
			i->letter == '\0' ? 11 : 8, i->name, i->help);
		if (i->kind == TEXT && *(const char **)i->value != NULL)
			fprintf(out, " (%s)", *(const char **)i->value);
		if (i->kind == SECONDS && *(double *)i->value > 0)
			fprintf(out, " (%g)", *(double *)i->value);
		if (i->kind == COUNT && *(int *)i->value > 0)
			fprintf(out, " (%d)", *(int *)i->value);
		if (i->kind == PORT)
			fprintf(out, " (%u)", *(uint16_t *)i->value);
		fprintf(out, "\n");
	}
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

static void set(const struct item *i, const char *text)
{
	/* 0 asks the kernel for a free port: only who listens can. */
	bool listens = i->value == &opt.port && strstr(operands, "HOST") == NULL;
	char *end;

	switch (i->kind) {
	case FLAG:
		*(bool *)i->value = true;
		break;
	case TEXT:
		*(const char **)i->value = text;
		break;
	case SECONDS:
		*(double *)i->value = strtod(text, &end);
		if (end == text || *end != '\0' ||
		    !(*(double *)i->value >= 0.001 && *(double *)i->value <= 1e6))
			usage_error("not a number of seconds from 0.001 to 1000000", text);
		break;
	case COUNT:
		*(int *)i->value = whole_number(text, 1, INT_MAX, "not a whole number from 1");
		break;
	case PORT:
		*(uint16_t *)i->value =
		    (uint16_t)whole_number(text, listens ? 0 : 1, 65535, "not a port");
		break;
	}
}

/* A program starts alike, whoever starts it. */
static void clean_start(void)
{
	sigset_t none;
	int fd;

	/* A socket that got the number of a closed stdin or stdout would be taken for it. */
	while ((fd = open("/dev/null", O_RDONLY)) != -1 && fd <= STDERR_FILENO)
		;
	close(fd);
	program_name();		  /* found before there are threads that may ask at once */
	signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error of one write, not our end */
	signal(SIGXFSZ, SIG_IGN); /* and so is a file that has grown to its limit */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void options(int argc, char *argv[], const char *takes, const char *names)
{
	char known[64] = ":h";
	int c, n = 2;

	letters = takes;
	operands = names;
	clean_start();
	for (const struct item *i = items; i < END; i++)
		if (taken(i) && i->letter != '\0')
			n += sprintf(known + n, "%c%s", i->letter, i->kind == FLAG ? "" : ":");
	while ((c = getopt(argc, argv, known)) != -1) {
		char letter[2] = {(char)optopt};
		const struct item *i = items;
		if (c == 'h') {
			usage(stdout);
			exit(EXIT_SUCCESS);
		}
		if (c == '?' || c == ':')
			usage_error(c == '?' ? "unknown option" : "option without its value",
				    letter);
		while (i->letter != c)
			i++;
		set(i, optarg);
	}
	if (opt.verbose && opt.quiet)
		usage_error("one or the other", "-v -q");
	for (const struct item *i = items; i < END && argv[optind] != NULL; i++)
		if (i->letter == '\0' && taken(i))
			set(i, argv[optind++]);
	if (argv[optind] != NULL)
		usage_error("extra argument", argv[optind]);
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
