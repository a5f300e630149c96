/* The parts of make grade that are text: commands, quotations, the table of levels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/grade/command.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/table.h"
#include "tests/grade/trial.h"

static void commands_are_filled_in(void)
{
	char *text = settings_fill_in("./a {port} {host}:{port} {path} {other} {", 80, "/tmp/x");

	expect_text("filled in", "./a 80 127.0.0.1:80 /tmp/x {other} {", text);
	free(text);
}

static void bytes_are_quoted(void)
{
	char long_text[100];

	memset(long_text, 'x', sizeof(long_text));
	expect_text("nothing", "\"\"", quoted("", 0));
	expect_text("special ones", "\"a\\n\\t\\\"\\\\\"", quoted("a\n\t\"\\", 5));
	expect_text("others", "\"\\x00\\xff~\"", quoted("\0\xff~", 3));
	expect_text("many", "\"xxxxxxxxxxxxxxxx\" ... \"xxxxxxxxxxxxxxxx\" (100 bytes)",
		    quoted(long_text, sizeof(long_text)));
}

static void ends_are_explained(void)
{
	expect_text("a status", "with status 3", command_end_text(3 << 8));
	expect_text("a signal", "by signal 13 (SIGPIPE)", command_end_text(13));
	expect_text("a shell's word for it", "by signal 11 (SIGSEGV)",
		    command_end_text((128 + 11) << 8));
}

static void write_table(const char *file)
{
	FILE *f = fopen(file, "w");

	if (f == NULL)
		exit(EXIT_FAILURE);
	fputs("# a comment\n\nany level | 0 | - |\n\tended | common | p#1 |\n"
	      "one | 5 | event client tcp |\n"
	      "two | 7 | event one tcp | one, nine\n\twrong | a | b | c d\n\tany | e\n"
	      "three | 1 | event unix |\n\tany | not this one\n"
	      "four | 1 | event |\n",
	      f);
	fclose(f);
}

static void tables_are_read(void)
{
	char file[] = "/tmp/unit_grade.XXXXXX";

	close(mkstemp(file));
	write_table(file);
	settings.kind = "event";
	table_read(file);
	unlink(file);
	expect("levels that count", 2, nlevels);
	expect_text("the first one", "two", levels[0].name);
	expect_text("the second one", "four", levels[1].name);
	expect("points", 7, levels[0].points);
	expect_text("what it needs", "one, nine", levels[0].needs);
	expect_text("breaks", "c d", table_cause(&levels[0], "wrong")->breaks);
	expect_text("a symptom without a line", "e", table_cause(&levels[0], "silent")->text);
	expect_text("one of every level", "common", table_cause(&levels[0], "ended")->text);
	expect("no cause", 1, table_cause(&levels[1], "silent") == NULL);
	expect("found", 1, table_find("four"));
	expect("not among them", -1, table_find("three"));
}

static void trials_are_found(void)
{
	expect("there", 1, trial_named("half-close") != NULL);
	expect("not there", 1, trial_named("half") == NULL);
}

int main(void)
{
	run("commands", commands_are_filled_in);
	run("quotations", bytes_are_quoted);
	run("ends", ends_are_explained);
	run("tables", tables_are_read);
	run("trials", trials_are_found);
	return checked();
}
