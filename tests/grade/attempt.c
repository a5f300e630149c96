/*
 * The try is a process of its own, so that it can be ended whatever it waits for. The grader
 * meanwhile takes what the program prints (a full pipe would stop it), reaps orphans, and watches
 * the time. The try ends before the program does: its sockets are closed first, so that no
 * connection in TIME_WAIT holds the server's port.
 */
#include "tests/grade/attempt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/grade/launch.h"
#include "tests/grade/pace.h"
#include "tests/grade/program.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/tail.h"
#include "tests/grade/tree.h"
#include "tests/talk.h"

#define END_SECONDS 10

static int signals; /* a signalfd */
static struct tail output, errors;
static pid_t try_process;
static bool try_has_ended;
static int interrupted; /* the signal */

void attempts_begin(void)
{
	static const int ours[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
	sigset_t set;

	tree_adopts();
	launch_grader = getpid();
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		sigaddset(&set, ours[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals == -1)
		die_errno("signalfd");
}

const char *attempt_output(size_t *n)
{
	const struct tail *shown = errors.length > 0 || !story->down ? &errors : &output;

	*n = shown->length;
	return shown->text;
}

static void take_signals(void)
{
	struct signalfd_siginfo info;
	pid_t pid;

	while (read(signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			interrupted = (int)info.ssi_signo;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		try_has_ended |= pid == try_process;
}

static void try_it(const struct trial *trial)
{
	level_begins();
	if (!settings.is_client) {
		program_start();
		program_is_ready();
		level_begins();
	}
	trial->run();
	passes();
	_exit(EXIT_SUCCESS);
}

static void make_folder_name(void)
{
	const char *tmp = getenv("TMPDIR"), name[] = "/grade.XXXXXX";

	if (tmp == NULL || strlen(tmp) + sizeof(name) > FOLDER_BYTES)
		tmp = "/tmp";
	snprintf(launch_folder, sizeof(launch_folder), "%s%s", tmp, name);
}

/* The folder holds what was bound in it, and whatever else the program has put there. */
static void remove_folder(void)
{
	char path[sizeof(launch_folder) + 260];
	DIR *folder = opendir(launch_folder);
	struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", launch_folder, entry->d_name);
		unlink(path);
	}
	if (folder != NULL)
		closedir(folder);
	rmdir(launch_folder);
}

static void supervise(void)
{
	struct pollfd p[] = {{.fd = output.fd, .events = POLLIN},
			     {.fd = errors.fd, .events = POLLIN},
			     {.fd = signals, .events = POLLIN}};
	int start_ms = settings.is_client ? 0 : scaled_ms(settings.start_s * 1000);
	/* The try ends itself in time; this is for the case that something holds it. */
	int64_t end = clock_ms() + start_ms * 2 + scaled_ms(LEVEL_SECONDS * 1000) + answer_ms();

	while (!try_has_ended && !interrupted && clock_ms() < end) {
		poll(p, 3, 100);
		tail_drain(&output);
		tail_drain(&errors);
		take_signals();
	}
	if (!try_has_ended && !interrupted && !story->passed) {
		snprintf(story->symptom, sizeof(story->symptom), "slow");
		also_seen("not done after %s", in_seconds(scaled_ms(LEVEL_SECONDS * 1000)));
	}
}

static void end_all(void)
{
	int left;

	if (!try_has_ended) {
		kill(try_process, SIGKILL);
		while (waitpid(try_process, NULL, 0) == -1 && errno == EINTR)
			;
	}
	if ((left = tree_end(END_SECONDS)) > 0)
		fprintf(stderr, "make grade: %d processes of the program could not be ended\n",
			left);
	remove_folder();
}

void attempt(const struct trial *trial)
{
	story_clear();
	interrupted = 0;
	try_has_ended = false;
	pace_measure();
	make_folder_name();
	if (mkdtemp(launch_folder) == NULL)
		die_errno(launch_folder);
	launch_output = tail_open(&output);
	launch_errors = tail_open(&errors);
	try_process = new_process();
	if (try_process == 0)
		try_it(trial);
	close(launch_output);
	close(launch_errors);
	supervise();
	end_all();
	tail_drain(&output);
	tail_drain(&errors);
	close(output.fd);
	close(errors.fd);
	if (interrupted)
		exit(130);
	if (!story->passed && story->symptom[0] == '\0')
		die("the try of level '%s' ended by itself", trial->name);
}
