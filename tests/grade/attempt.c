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
#include "tests/grade/tree.h"
#include "tests/talk.h"

#define END_SECONDS 10

static int signals;	/* a signalfd */
static char tail[4096]; /* the last output */
static size_t tail_length;
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
	*n = tail_length;
	return tail;
}

/* Takes all that is in the pipe, and keeps the end of it. */
static void drain(int fd)
{
	char some[65536];
	ssize_t n;

	while ((n = read(fd, some, sizeof(some))) > 0) {
		size_t fresh = (size_t)n < sizeof(tail) ? (size_t)n : sizeof(tail);
		size_t kept =
		    tail_length < sizeof(tail) - fresh ? tail_length : sizeof(tail) - fresh;
		memmove(tail, tail + tail_length - kept, kept);
		memcpy(tail + kept, some + n - fresh, fresh);
		tail_length = kept + fresh;
		if (n < (ssize_t)sizeof(some))
			return; /* the others may be waiting for us meanwhile */
	}
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

static void supervise(int output)
{
	struct pollfd p[] = {{.fd = output, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	int start_ms = settings.is_client ? 0 : scaled_ms(settings.start_s * 1000);
	/* The try ends itself in time; this is for the case that something holds it. */
	int64_t end = clock_ms() + start_ms * 2 + scaled_ms(LEVEL_SECONDS * 1000) + answer_ms();

	while (!try_has_ended && !interrupted && clock_ms() < end) {
		poll(p, 2, 100);
		if (p[0].revents & POLLIN)
			drain(output);
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
	int ends[2];

	story_clear();
	tail_length = 0;
	interrupted = 0;
	try_has_ended = false;
	pace_measure();
	make_folder_name();
	if (mkdtemp(launch_folder) == NULL || pipe2(ends, O_CLOEXEC) == -1)
		die_errno(launch_folder);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	launch_output = ends[1];
	try_process = new_process();
	if (try_process == 0)
		try_it(trial);
	close(ends[1]);
	supervise(ends[0]);
	end_all();
	drain(ends[0]);
	close(ends[0]);
	if (interrupted)
		exit(130);
	if (!story->passed && story->symptom[0] == '\0')
		die("the try of level '%s' ended by itself", trial->name);
}
