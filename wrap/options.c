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

#define MAX_SECONDS 1e6

struct options opt = {.host = "127.0.0.1"};

enum kind { FLAG, TEXT, SECONDS, COUNT, PORT };

static const struct letter {
	char letter;
	enum kind kind;
	void *value;
	const char *usage, *help;
} table[] = {
    {'v', FLAG, &opt.verbose, "[-v|-q]", "-v          show the data too"},
    {'q', FLAG, &opt.quiet, "", "-q          only the first and the closing line"},
    {'a', TEXT, &opt.host, "[-a ADDR]", "-a ADDR     the address to listen on"},
    {'b', TEXT, &opt.broadcast, "[-b ADDR]", "-b ADDR     the broadcast address"},
    {'g', TEXT, &opt.group, "[-g GROUP]", "-g GROUP    the multicast group"},
    {'i', TEXT, &opt.interface, "[-i IFACE]", "-i IFACE    the network interface"},
    {'p', PORT, &opt.listeners, "[-p PORT]", "-p PORT     the listeners' port"},
    {'c', TEXT, &opt.own, "[-c OWN]", "-c OWN      the client's own path"},
    {'m', TEXT, &opt.mode, "[-m MODE]", "-m MODE     how to wait and read"},
    {'t', SECONDS, &opt.timeout, "[-t SECONDS]", "-t SECONDS  a time-out"},
    {'s', SECONDS, &opt.period, "[-s SECONDS]", "-s SECONDS  a period"},
    {'w', COUNT, &opt.workers, "[-w N]", "-w N        how many workers"},
    {'n', COUNT, &opt.count, "[-n N]", "-n N        how many times"},
    {'B', COUNT, &opt.bytes, "[-B BYTES]", "-B BYTES    the size of the socket's buffers"},
};

static const char *taken, *operands; /* what this program's command line may hold */

/* A default is worth a word where there is one. */
static void print_default(FILE *out, const struct letter *l)
{
	if (l->kind == TEXT && *(const char **)l->value != NULL)
		fprintf(out, " (%s)", *(const char **)l->value);
	else if (l->kind == SECONDS && *(double *)l->value > 0)
		fprintf(out, " (%g)", *(double *)l->value);
	else if (l->kind == COUNT && *(int *)l->value > 0)
		fprintf(out, " (%d)", *(int *)l->value);
	else if (l->kind == PORT)
		fprintf(out, " (%u)", *(uint16_t *)l->value);
	fputc('\n', out);
}

static void usage(FILE *out)
{
	fprintf(out, "usage: %s [-h]", program_name());
	for (const char *t = taken; *t != '\0'; t++)
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
			if (table[i].letter == *t && table[i].usage[0] != '\0')
				fprintf(out, " %s", table[i].usage);
	fprintf(out, "%s%s\n", operands[0] ? " " : "", operands);
	for (const char *t = taken; *t != '\0'; t++) {
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
			if (table[i].letter == *t) {
				fprintf(out, "  %s", table[i].help);
				print_default(out, &table[i]);
			}
		}
	}
	if (strstr(operands, "HOST"))
		fprintf(out, "  HOST        the server's address (%s)\n", opt.host);
	if (strstr(operands, "PORT"))
		fprintf(out, "  PORT        the server's port (%u)\n", opt.port);
	if (strstr(operands, "PATH"))
		fprintf(out, "  PATH        the file to meet at (%s)\n", opt.path);
}

static void usage_error(const char *what, const char *value)
{
	fprintf(stderr, "%s: %s: '%s'\n", program_name(), what, value);
	usage(stderr);
	exit(2);
}

static long whole_number(const char *text, long min, long max, const char *what)
{
	char *end;

	errno = 0;
	long n = strtol(text, &end, 10);
	if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || n < min || n > max)
		usage_error(what, text);
	return n;
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
		if (end == text || *end != '\0' || !(seconds >= 0.001 && seconds <= MAX_SECONDS))
			usage_error("not a number of seconds from 0.001 to 1000000", text);
		*(double *)l->value = seconds;
		break;
	case COUNT:
		*(int *)l->value = (int)whole_number(text, 1, INT_MAX, "not a whole number from 1");
		break;
	case PORT:
		*(uint16_t *)l->value =
		    (uint16_t)whole_number(text, 1, 65535, "not a port from 1 to 65535");
		break;
	}
}

static void set_operand(const char *name, const char *text)
{
	/* Port 0 asks the kernel for a free one: only who listens can. */
	bool listens = strstr(operands, "HOST") == NULL;

	if (strcmp(name, "HOST") == 0)
		opt.host = text;
	else if (strcmp(name, "PATH") == 0)
		opt.path = text;
	else
		opt.port = (uint16_t)whole_number(text, !listens, 65535,
						  listens ? "not a port from 0 to 65535"
							  : "not a port from 1 to 65535");
}

/* A socket that got the number of a closed stdin or stdout would be read or written as such. */
static void take_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void options(int argc, char *argv[], const char *letters, const char *names)
{
	char getopt_letters[64] = ":h", unknown[2] = "";
	size_t n = strlen(getopt_letters);
	int c;

	taken = letters;
	operands = names;
	take_standard_descriptors();
	signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error of one write, not our end */
	for (const char *t = taken; *t != '\0'; t++) {
		getopt_letters[n++] = *t;
		if (strchr("vq", *t) == NULL)
			getopt_letters[n++] = ':';
	}
	while ((c = getopt(argc, argv, getopt_letters)) != -1) {
		unknown[0] = (char)optopt;
		if (c == 'h') {
			usage(stdout);
			exit(EXIT_SUCCESS);
		}
		if (c == '?')
			usage_error("unknown option", unknown);
		if (c == ':')
			usage_error("option needs a value", unknown);
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
			if (table[i].letter == c)
				set(&table[i], optarg);
	}
	char list[32], *save = NULL;
	snprintf(list, sizeof(list), "%s", operands);
	char *name = strtok_r(list, "[ ]", &save);
	for (; optind < argc; optind++, name = strtok_r(NULL, "[ ]", &save)) {
		if (name == NULL)
			usage_error("extra argument", argv[optind]);
		set_operand(name, argv[optind]);
	}
	if (opt.verbose && opt.quiet)
		usage_error("one or the other", "-v -q");
}

int option_mode(const char *const words[])
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(opt.mode, words[i]) == 0)
			return i;
	usage_error("unknown mode", opt.mode);
	return -1;
}
