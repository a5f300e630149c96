/*
 * The command line. The usage text that -h prints is the specification: a letter or an operand that
 * is not in it is refused, and its defaults are set before the command line is read.
 */
#include "wrap/options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wrap/error.h"
#include "wrap/start.h"

struct options opt;

static const char *usage_text;

static bool takes(const char *part)
{
	return strstr(usage_text, part) != NULL;
}

static void usage_error(const char *what, const char *value)
{
	message("%s: '%.200s'", what, value);
	dprintf(STDERR_FILENO, "usage: %s [-h] %s\n", program_name(), usage_text);
	exit(2);
}

static int number(const char *text, long min, long max)
{
	char *end, what[64];

	errno = 0;
	long n = strtol(text, &end, 10);
	if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || n < min || n > max) {
		snprintf(what, sizeof(what), "not a number from %ld to %ld", min, max);
		usage_error(what, text);
	}
	return (int)n;
}

static double seconds(const char *text)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end != '\0' || !(n >= 0.001 && n <= 1e6))
		usage_error("not a number of seconds from 0.001 to 1000000", text);
	return n;
}

/* The position of TEXT among the words after -m in the usage. */
static int mode(const char *text)
{
	const char *word = strstr(usage_text, "-m ") + 3;

	for (int i = 0;; i++) {
		size_t n = strcspn(word, "|]");
		if (strlen(text) == n && strncmp(word, text, n) == 0)
			return i;
		if (word[n] == ']')
			usage_error("unknown mode", text);
		word += n + 1;
	}
}

static void set_option(int letter, const char *text)
{
	switch (letter) {
	case 'v': opt.verbose = true; break;
	case 'q': opt.quiet = true; break;
	case 'a': opt.host = text; break;
	case 'p': opt.listeners_port = (uint16_t)number(text, 1, UINT16_MAX); break;
	case 'b': opt.broadcast = text; break;
	case 'g': opt.group = text; break;
	case 'i': opt.interface = text; break;
	case 'c': opt.own_path = text; break;
	case 'm': opt.mode = mode(text); break;
	case 't': opt.timeout = seconds(text); break;
	case 's': opt.period = seconds(text); break;
	case 'w': opt.workers = number(text, 1, INT_MAX); break;
	case 'n': opt.count = number(text, 1, INT_MAX); break;
	case 'B': opt.buffer_bytes = number(text, 1, INT_MAX); break;
	}
}

static void set_operand(const char *name, const char *text)
{
	if (strcmp(name, "HOST") == 0)
		opt.host = text;
	else if (strcmp(name, "PATH") == 0)
		opt.path = text;
	else /* PORT; 0 means any free port, and only servers, which have no HOST, take it */
		opt.port = (uint16_t)number(text, takes("[HOST") ? 1 : 0, UINT16_MAX);
}

/* "[-w N=4] [PORT=9998]" gives -w the value 4 and PORT the value 9998. */
static void set_defaults(void)
{
	static char copy[256]; /* opt points into it */

	snprintf(copy, sizeof(copy), "%s", usage_text);
	for (char *item = strtok(copy, "[]"); item != NULL; item = strtok(NULL, "[]")) {
		char *value = strchr(item, '=');
		if (value == NULL)
			continue;
		*value++ = '\0';
		value[strcspn(value, " ")] = '\0';
		if (item[0] == '-')
			set_option(item[1], value);
		else
			set_operand(item, value);
	}
}

void options(int argc, char *argv[], const char *usage)
{
	int c;

	usage_text = usage;
	start_cleanly();
	set_defaults();
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		argv[1] = "-h";
	while ((c = getopt(argc, argv, ":hvqa:p:b:g:i:c:m:t:s:w:n:B:")) != -1) {
		char option[] = {'-', (char)(c == '?' || c == ':' ? optopt : c), '\0'};
		if (c == 'h') {
			int n = dprintf(STDOUT_FILENO, "usage: %s [-h] %s\n", program_name(),
					usage_text);
			exit(n < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
		}
		if (!takes(option))
			usage_error("unknown option", option);
		if (c == ':')
			usage_error("option without its value", option);
		set_option(c, optarg);
	}
	if (opt.verbose && opt.quiet)
		usage_error("one or the other", "-v -q");
	if (argv[optind] != NULL && takes("[HOST"))
		set_operand("HOST", argv[optind++]);
	if (argv[optind] != NULL && takes("[PORT"))
		set_operand("PORT", argv[optind++]);
	if (argv[optind] != NULL && takes("[PATH"))
		set_operand("PATH", argv[optind++]);
	if (argv[optind] != NULL)
		usage_error("extra argument", argv[optind]);
}
