/*
 * An address that somebody has already. TCP's kernel looks after that; with a path or a UDP port
 * the server must, and the file of a path has an owner, rights, and an end of its own.
 */
#include "tests/grade/trials_path.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/grade/command.h"
#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/story.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

static void live_server_stays(void)
{
	static struct pids second, holders;
	int status;
	int64_t end;

	visit_once("before\n");
	next_part();
	pid_t pid = program_start_second();
	expecting("that the second one ends, because the address is taken");
	for (end = answer_by(); waitpid(pid, &status, WNOHANG) == 0; nap_ms(3)) {
		second.n = 0;
		pids_add(&second, pid);
		tree_grow(&second);
		program_holders(&holders);
		for (int i = 0; i < second.n; i++)
			if (pids_have(&holders, second.pid[i]))
				fails("steals", "it has the same address now");
		if (clock_ms() >= end)
			fails("steals", "it still runs after %s", in_seconds(answer_ms()));
	}
	visit_once("after\n");
}

static void private_file(void)
{
	struct stat st;

	visit_once("before\n");
	next_part();
	after("stat %s", program_path());
	expecting("rights for its owner only");
	if (stat(program_path(), &st) == -1)
		fails("absent", "%s", strerror(errno));
	if (st.st_mode & 077)
		fails("rights", "%03o", (unsigned)st.st_mode & 0777);
}

static void file_goes(void)
{
	struct stat st;

	visit_once("before\n");
	next_part();
	after("kill -TERM");
	expecting("its end, and its file gone");
	story_last_look = NULL;
	if (program_main() == 0 || kill(program_main(), SIGTERM) == -1)
		fails("ended", "it has ended already");
	for (int64_t end = answer_by(); !program_ended() && clock_ms() < end;)
		nap_ms(3);
	if (stat(program_path(), &st) == 0)
		fails("file", "%s is still there", program_path());
}

const struct trial trials_path[] = {{"live server stays", live_server_stays},
				    {"private file", private_file},
				    {"file goes", file_goes},
				    {NULL, NULL}};
