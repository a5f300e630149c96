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

struct options opt;

static const char *usage_line; /* what the program takes */

static void usage_error(const char *what, const char *value)
{
	errno = 0;
	complain("%s: '%.200s'", what, value);
	dprintf(STDERR_FILENO, "usage: %s [-h] %s\n", program_name(), usage_line);
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

static int count(const char *text)
{
	return whole_number(text, 1, INT_MAX, "not a whole number from 1");
}

static uint16_t port(const char *text, int min)
{
	return (uint16_t)whole_number(text, min, 65535, "not a port");
}

static double seconds(const char *text)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end != '\0' || !(n >= 0.001 && n <= 1e6))
		usage_error("not a number of seconds from 0.001 to 1000000", text);
	return n;
}

/* Which of the words after -m TEXT is. */
static int mode(const char *text)
{
	const char *word = strstr(usage_line, "-m ") + 3;

	for (int i = 0;; i++) {
		size_t n = strcspn(word, "|]");
		if (strlen(text) == n && strncmp(word, text, n) == 0)
			return i;
		if (word[n] == ']')
			usage_error("unknown mode", text);
		word += n + 1;
	}
}

/* Sets an option, or an operand, which goes by its initial: HOST, PORT or PATH. */
static void set(int letter, const char *text)
{
	switch (letter) {
	case 'v': opt.verbose = true; break;
	case 'q': opt.quiet = true; break;
	case 'a':
	case 'H': opt.host = text; break;
	case 'P':
		if (strstr(usage_line, "PATH") != NULL)
			opt.path = text;
		else /* 0 asks the kernel for a free port: only who listens can */
			opt.port = port(text, strstr(usage_line, "HOST") != NULL);
		break;
	case 'p': opt.listeners = port(text, 1); break;
	case 'b': opt.broadcast = text; break;
	case 'g': opt.group = text; break;
	case 'i': opt.interface = text; break;
	case 'c': opt.own = text; break;
	case 'm': opt.mode = mode(text); break;
	case 't': opt.timeout = seconds(text); break;
	case 's': opt.period = seconds(text); break;
	case 'w': opt.workers = count(text); break;
	case 'n': opt.count = count(text); break;
	case 'B': opt.bytes = count(text); break;
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

/* "[-w N=4] [PORT=9998]": what stands behind an = is set until the command line says other. */
static void set_defaults(void)
{
	static char copy[256]; /* the values stay in it */

	snprintf(copy, sizeof(copy), "%s", usage_line);
	for (char *p = copy; (p = strchr(p, '=')) != NULL; p++) {
		char *item = p, *value = p + 1;
		while (*item != '[')
			item--;
		p = value + strcspn(value, " ]");
		*p = '\0';
		set(item[1] == '-' ? item[2] : item[1], value);
	}
}

void options(int argc, char *argv[], const char *usage)
{
	int c;

	clean_start();
	usage_line = usage;
	set_defaults();
	while ((c = getopt(argc, argv, ":hvqa:p:b:g:i:c:m:t:s:w:n:B:")) != -1) {
		char option[] = {'-', (char)(c == '?' || c == ':' ? optopt : c), '\0'};
		if (c == 'h') {
			int n = dprintf(STDOUT_FILENO, "usage: %s [-h] %s\n", program_name(),
					usage_line);
			exit(n < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
		}
		if (strstr(usage_line, option) == NULL)
			usage_error("unknown option", option);
		if (c == ':')
			usage_error("option without its value", option);
		set(c, optarg);
	}
	if (opt.verbose && opt.quiet)
		usage_error("one or the other", "-v -q");
	if (argv[optind] != NULL && strstr(usage_line, "HOST") != NULL)
		set('H', argv[optind++]);
	if (argv[optind] != NULL && strstr(usage_line, "[P") != NULL)
		set('P', argv[optind++]);
	if (argv[optind] != NULL)
		usage_error("extra argument", argv[optind]);
}
