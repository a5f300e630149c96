/*
 * The log. Threads and processes share stdout without a lock: their lines stay whole because each
 * is put together in memory and written at once. If nobody reads stdout, the server waits, as any
 * Unix program does.
 */
#include "wrap/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wrap/options.h"
#include "wrap/text.h"

#define LINE_BYTES 2048 /* a longer line is cut */
#define DATA_BYTES 256	/* more data is shown in several lines */

static struct log_counts own_counts;
struct log_counts *log_counts = &own_counts;

static void print(const char *what, va_list args)
{
	char line[LINE_BYTES];

	vsnprintf(line, sizeof(line) - 1, what, args);
	strcat(line, "\n");
	if (write(STDOUT_FILENO, line, strlen(line)) == -1)
		return; /* a log that cannot be written is no reason to stop serving */
}

void print_line(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	print(what, args);
	va_end(args);
}

void log_line(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	if (!opt.quiet)
		print(what, args);
	va_end(args);
}

void log_connected(const char *who)
{
	log_counts->connections++;
	log_line("client %s connected", who);
}

void log_refused(const char *who)
{
	log_counts->refused++;
	log_line("client %s refused", who);
}

void log_data(const char *who, const char *data, size_t n)
{
	char text[4 * DATA_BYTES + 1]; /* each byte may need four characters */

	log_counts->bytes += n;
	for (size_t i = 0; opt.verbose && i < n; i += DATA_BYTES) {
		printable(text, sizeof(text), data + i, n - i < DATA_BYTES ? n - i : DATA_BYTES);
		log_line("client %s: %s", who, text);
	}
}

void log_gone(const char *who, uint64_t bytes, bool reset)
{
	log_line("client %s %s, %llu bytes", who, reset ? "reset" : "closed",
		 (unsigned long long)bytes);
}
