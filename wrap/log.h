/*
 * The log: a line on stdout for each event, written with one write(2). -q leaves only the first
 * line and the closing one.
 */
#ifndef WRAP_LOG_H
#define WRAP_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wrap/error.h" /* PRINTF_LIKE */

/* What was served so far, for the closing line. server_ready shares it with child processes. */
struct log_counts {
	atomic_ullong connections, refused, bytes;
};
extern struct log_counts *log_counts;

/* Both print a printf format with its arguments and a newline; log_line only without -q. */
void print_line(const char *what, ...) PRINTF_LIKE;
void log_line(const char *what, ...) PRINTF_LIKE;

/*
 * The events of a client, whose address as text is WHO. log_connected counts it, log_refused takes
 * it out of the count. log_data counts N bytes of DATA and with -v shows them. log_gone reports how
 * many BYTES it sent in all, and "reset" when it was cut off by an error, "closed" otherwise.
 */
void log_connected(const char *who);
void log_refused(const char *who);
void log_data(const char *who, const char *data, size_t n);
void log_gone(const char *who, uint64_t bytes, bool reset);

#endif
