/*
 * A client must cope with every server: its answers may be late or come in pieces, and it may stop,
 * close or be absent. What the client reads is echoed as it comes, so that one that waits for each
 * answer before it sends more passes as well.
 */
#include "tests/grade/trials_client.h"

#include <stdlib.h>

#include "tests/grade/actors.h"
#include "tests/grade/bulk.h"
#include "tests/grade/stage.h"
#include "tests/grade/story.h"

#define LINES "one line\nand another one\nthe last one\n"
#define LARGE 2000000

static const char lines[] = LINES;

/* INPUT, to a server like this; all of it comes back. */
static void must_copy(const char *what, const char *input, size_t n, void (*server)(int lfd))
{
	next_part();
	after("%zu bytes of input, %s", n, what);
	stage_play(input, n, OPEN, server);
	stage_expect_success();
	stage_expect_echo(input, n);
}

static void must_complain(const char *what, enum door door, void (*server)(int lfd))
{
	after("%s", what);
	stage_play(lines, sizeof(lines) - 1, door, server);
	stage_expect_complaint();
}

static void copies(void)
{
	must_copy("a server that echoes", lines, sizeof(lines) - 1, actor_echoes);
	must_copy("a server that echoes", "no newline", 10, actor_echoes);
	must_copy("a server that echoes", "", 0, actor_echoes);
}

static void large(void)
{
	char *text = bulk_text(LARGE);

	must_copy("a server that echoes", text, LARGE, actor_echoes);
	free(text);
}

static void pieces(void)
{
	must_copy("a server that answers three bytes at a time", lines, sizeof(lines) - 1,
		  actor_in_pieces);
}

static void half_closes(void)
{
	must_copy("a server whose answers come late", lines, sizeof(lines) - 1, actor_late);
}

static void rests(void)
{
	char *text = bulk_text(LARGE);

	must_copy("a server that reads nothing at first", text, LARGE, actor_rests_first);
	free(text);
}

static void closed_early(void)
{
	must_complain("a server that answers half and closes", OPEN, actor_answers_half);
}

static void reset(void)
{
	must_complain("a server that resets the connection", OPEN, actor_resets);
}

static void refused(void)
{
	must_complain("an address where nobody listens", SHUT, NULL);
}

static void no_answer(void)
{
	must_complain("a server that does not answer", OPEN, actor_is_mute);
}

const struct trial trials_client[] = {{"copies", copies},
				      {"large input", large},
				      {"answers in pieces", pieces},
				      {"half-closes", half_closes},
				      {"rests", rests},
				      {"closed early", closed_early},
				      {"reset", reset},
				      {"refused", refused},
				      {"no answer", no_answer},
				      {NULL, NULL}};
