/*
 * The settings come from the environment, because make hands over the variables of its command line
 * there with all their blanks and quotes. What they leave open is guessed from the command: {path}
 * means AF_UNIX, C in place of S a client.
 */
#include "tests/grade/settings.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/talk.h"

struct settings settings;

static void wrong(const char *what, const char *value)
{
	fprintf(stderr, "make grade: %s%s\n", what, value);
	exit(2);
}

static const char *variable(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value == NULL || *value == '\0' ? otherwise : value;
}

/* The value of NAME, which must be one of WORDS, a list like " tcp udp ". */
static const char *one_of(const char *name, const char *otherwise, const char *words)
{
	const char *value = variable(name, otherwise);
	char word[64], what[200];

	snprintf(word, sizeof(word), " %s ", value);
	if (strstr(words, word) == NULL) {
		snprintf(what, sizeof(what), "%s is one of%s, not ", name, words);
		wrong(what, value);
	}
	return value;
}

static double seconds(const char *name, double otherwise)
{
	const char *value = variable(name, NULL);
	double s = value == NULL ? otherwise : strtod(value, NULL);

	if (!(s > 0 && s <= 3600))
		wrong(name, " is a number of seconds");
	return s;
}

void settings_read(void)
{
	const char *server = variable("S", NULL), *client = variable("C", NULL);

	if ((server == NULL) == (client == NULL))
		wrong("S names a server, or C a client: make grade S='./mine {port}' "
		      "KIND=concurrent, "
		      "make grade C='./mine {host} {port}'",
		      "");
	settings.is_client = client != NULL;
	settings.command = client != NULL ? client : server;
	settings.kind = client != NULL
			    ? one_of("KIND", "stream", " stream datagram ")
			    : one_of("KIND", "concurrent", " one concurrent crew event datagram ");
	settings.datagram = strcmp(settings.kind, "datagram") == 0;
	settings.where = variable("PORT", NULL);
	settings.path = strstr(settings.command, "{path}") != NULL ||
			(settings.where != NULL && strchr(settings.where, '/') != NULL);
	settings.plain = strcmp(one_of("ECHO", "upper", " upper plain "), "plain") == 0;
	settings.full = variable("FULL", NULL) != NULL;
	settings.format = one_of("FORMAT", "text", " text tap gradescope ");
	settings.levels = variable("LEVELS", "tests/grade/levels");
	settings.exercise = variable("EX", NULL);
	settings.answer_s = seconds("ANSWER_SECONDS", 3);
	settings.start_s = seconds("START_SECONDS", 10);
	if (settings.where == NULL && !settings.path && strstr(settings.command, "{port}") == NULL)
		wrong(
		    "the command has neither {port} nor {path}, so PORT must say where it listens: "
		    "PORT=9999",
		    "");
	if (settings.where != NULL && !settings.path &&
	    (number(settings.where) < 1 || number(settings.where) > 65535))
		wrong("PORT is 1 to 65535, or a path with a slash, not ", settings.where);
}

int settings_upstream(int *port)
{
	static int fd = -1;
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	if (fd == -1)
		fd = bound_to("127.0.0.1:0", SOCK_STREAM);
	if (getsockname(fd, (struct sockaddr *)&in, &len) == -1)
		die_errno("getsockname");
	*port = ntohs(in.sin_port);
	return fd;
}

char *settings_fill_in(const char *text, int port, const char *path)
{
	char number[16], upstream[16];
	const char *names[] = {"{port}", "{path}", "{host}", "{upstream}"};
	const char *values[] = {number, path, "127.0.0.1", upstream};
	const size_t nnames = sizeof(names) / sizeof(names[0]);
	char *filled = NULL;
	int upstream_port = 0;
	size_t size;
	FILE *out = open_memstream(&filled, &size);

	if (out == NULL)
		die_errno("open_memstream");
	snprintf(number, sizeof(number), "%d", port);
	if (strstr(text, "{upstream}") != NULL)
		settings_upstream(&upstream_port);
	snprintf(upstream, sizeof(upstream), "%d", upstream_port);
	while (*text != '\0') {
		size_t i = 0;
		while (i < nnames && strncmp(text, names[i], strlen(names[i])) != 0)
			i++;
		if (i < nnames) {
			fputs(values[i], out);
			text += strlen(names[i]);
		} else {
			fputc(*text++, out);
		}
	}
	fclose(out);
	return filled;
}
