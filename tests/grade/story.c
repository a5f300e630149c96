/*
 * A try runs in a process of its own, which may be ended at any moment. Its story is therefore
 * written step by step into memory that the grader shares: what is there then is what the report
 * prints.
 */
#include "tests/grade/story.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/talk.h"

struct story *story;
void (*story_last_look)(void);
static bool is_quiet;

void story_create(void)
{
	story =
	    mmap(NULL, sizeof(*story), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (story == MAP_FAILED)
		die_errno("mmap");
}

void story_clear(void)
{
	bool freezable = story->freezable; /* found out once, for all tries */

	memset(story, 0, sizeof(*story));
	story->freezable = freezable;
}

/* Appends to TEXT, of SIZE bytes, after a separator unless it is empty. */
static void add(char *text, size_t size, const char *separator, const char *format, va_list args)
{
	size_t n = strlen(text);

	if (n > 0 && n < size)
		n += (size_t)snprintf(text + n, size - n, "%s", separator);
	if (n < size)
		vsnprintf(text + n, size - n, format, args);
}

void after(const char *step, ...)
{
	va_list args;

	if (is_quiet)
		return;
	va_start(args, step);
	add(story->after, sizeof(story->after), "; ", step, args);
	va_end(args);
	story->expected[0] = '\0';
}

void expecting(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	vsnprintf(story->expected, sizeof(story->expected), what, args);
	va_end(args);
}

void story_quiet(bool quiet)
{
	is_quiet = quiet;
}

void next_part(void)
{
	is_quiet = false;
	story->after[0] = story->expected[0] = '\0';
}

void passes(void)
{
	story->passed = true;
}

void also_seen(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	add(story->saw, sizeof(story->saw), "; ", what, args);
	va_end(args);
}

void fails(const char *symptom, const char *saw, ...)
{
	va_list args;

	if (story->passed)
		_exit(EXIT_SUCCESS);
	snprintf(story->symptom, sizeof(story->symptom), "%s", symptom);
	va_start(args, saw);
	vsnprintf(story->saw, sizeof(story->saw), saw, args);
	va_end(args);
	if (story_last_look != NULL)
		story_last_look();
	_exit(EXIT_FAILURE);
}

/* Writes byte C as it stands in a C string literal; returns how many characters that took. */
static size_t escaped(char *out, size_t size, unsigned char c)
{
	static const char special[] = "\n\r\t\\\"", letters[] = "nrt\\\"";
	const char *at = c == '\0' ? NULL : strchr(special, c);

	if (at != NULL)
		return (size_t)snprintf(out, size, "\\%c", letters[at - special]);
	return (size_t)snprintf(out, size, c < ' ' || c > '~' ? "\\x%02x" : "%c", c);
}

const char *quoted(const char *bytes, size_t n)
{
	enum { MOST = 40, KEPT = 16 }; /* longer texts keep so much of both ends */
	static char ring[4][MOST * 4 + 64];
	static int next;
	char *text = ring[next++ % 4];
	size_t len = 1, size = sizeof(ring[0]) - 1;

	text[0] = '"';
	for (size_t i = 0; i < n; i++) {
		if (n > MOST && i == KEPT) {
			len += (size_t)snprintf(text + len, size - len, "\" ... \"");
			i = n - KEPT;
		}
		len += escaped(text + len, size - len, (unsigned char)bytes[i]);
	}
	len += (size_t)snprintf(text + len, size - len, "\"");
	if (n > MOST)
		snprintf(text + len, sizeof(ring[0]) - len, " (%zu bytes)", n);
	return text;
}
