/* Many bytes at once through one connection, whichever side is the slower one. */
#ifndef GRADE_BULK_H
#define GRADE_BULK_H

#include <stdbool.h>
#include <stddef.h>

/* N bytes of lines of text, a different one each, which the caller frees. */
char *bulk_text(size_t n);

/*
 * Sends the N bytes at BYTES and expects their echo, at the same time. bulk_owed half-closes behind
 * them, reads nothing before all is sent, or before the server takes no more, and expects the end
 * too; meanwhile, unless it is NULL, is called when that point is reached.
 */
void bulk_exchange(int fd, const char *bytes, size_t n);
void bulk_owed(int fd, const char *bytes, size_t n, void (*meanwhile)(void));

/*
 * Sends without reading, N bytes at most, until the server takes nothing for a while, and returns
 * how many it took.
 */
size_t bulk_push(int fd, size_t n);

#endif
