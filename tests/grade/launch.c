/*
 * The command runs by sh -c, so it may be a script, or "cd there && ./mine". Ready means that one
 * of its processes holds a socket on the right address. When that does not come, the report says
 * what came instead: an end, with its status, or a socket somewhere else.
 */
#include "tests/grade/launch.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/grade/command.h"
#include "tests/grade/pace.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/talk.h"

#define LOOK_MS 3 /* between two looks at /proc */
#define MOST_SOCKETS 4096

struct waiting program_at;
pid_t launch_grader;
int launch_output, launch_errors;
char launch_folder[FOLDER_BYTES];

static int port;
static char path[sizeof(launch_folder) + 16];
static pid_t child;
static int child_status = -1;
static struct waiting sockets[MOST_SOCKETS];

const char *program_path(void)
{
	return settings.where != NULL && settings.path ? settings.where : path;
}

static bool is_ours(const struct waiting *w)
{
	const struct sockaddr_un *sun = (const struct sockaddr_un *)&w->addr;

	if (w->datagram != settings.datagram)
		return false;
	if (settings.path)
		return w->port == 0 && strcmp(sun->sun_path, program_path()) == 0;
	return w->port == port;
}

void program_processes(struct pids *pids)
{
	tree_below(launch_grader, pids);
}

void program_holders(struct pids *pids)
{
	static struct pids all;
	bool found = false;
	int n = settings.path ? sockets_on_paths(sockets, MOST_SOCKETS)
			      : sockets_on_ports(sockets, MOST_SOCKETS);

	pids->n = 0;
	for (int i = 0; i < n; i++) {
		if (!is_ours(&sockets[i]))
			continue;
		if (!found)
			program_processes(&all);
		found = true;
		int before = pids->n;
		sockets_holders(sockets[i].inode, &all, pids);
		if (before == 0 && pids->n > 0)
			program_at = sockets[i];
	}
}

int program_status(void)
{
	if (child_status == -1 && child > 0 && waitpid(child, &child_status, WNOHANG) <= 0)
		child_status = -1;
	return child_status;
}

static bool nothing_runs(void)
{
	static struct pids all;
	int parent;
	char state;

	if (program_status() == -1)
		return false;
	program_processes(&all);
	for (int i = 0; i < all.n; i++)
		if (process_state(all.pid[i], &state, &parent) && state != 'Z')
			return false;
	return true;
}

bool program_ended(void)
{
	/* Twice, because /proc is read process by process: one whose parent ended in between, as a
	 * daemon's does, belongs to nobody in the first list. */
	return nothing_runs() && nothing_runs();
}

static pid_t run_command(void)
{
	char *text = settings_fill_in(settings.command, port, program_path());
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid = command_start(text, in, launch_output, launch_errors);

	close(in);
	free(text);
	return pid;
}

/* Writes to TEXT where the program listens instead; returns whether anywhere, and in SWAPPED
 * whether on the right port with its bytes in the wrong order. */
static bool elsewhere(char *text, size_t size, bool *swapped)
{
	static struct pids all, held;
	size_t len = 0;
	int n = sockets_waiting(sockets, MOST_SOCKETS);

	program_processes(&all);
	*swapped = false;
	text[0] = '\0';
	for (int i = 0; i < n && len < size; i++) {
		const struct sockaddr_un *sun = (const struct sockaddr_un *)&sockets[i].addr;
		held.n = 0;
		sockets_holders(sockets[i].inode, &all, &held);
		if (held.n == 0)
			continue;
		len += (size_t)snprintf(text + len, size - len, "%s", len > 0 ? ", " : "");
		if (len >= size)
			break;
		if (sockets[i].port == 0)
			len +=
			    (size_t)snprintf(text + len, size - len, "on the path %s",
					     sun->sun_path[0] != '\0' ? sun->sun_path : "(none)");
		else
			len +=
			    (size_t)snprintf(text + len, size - len, "on %s port %d",
					     sockets[i].datagram ? "UDP" : "TCP", sockets[i].port);
		*swapped |= sockets[i].port == ntohs((uint16_t)port);
	}
	return text[0] != '\0';
}

static void never_ready(const char *instead, bool swapped)
{
	if (instead[0] == '\0')
		fails("absent", "no such socket after %s; the program runs",
		      in_seconds(scaled_ms(settings.start_s * 1000)));
	fails(swapped ? "swapped" : "elsewhere", "the program waits for clients %s", instead);
}

static void until_ready(void)
{
	static struct pids holders;
	int64_t end = clock_ms() + scaled_ms(settings.start_s * 1000);
	int64_t patient_until = clock_ms() + answer_ms();
	story->down = true;
	char instead[300];
	bool swapped;

	if (settings.path)
		expecting("a %s socket on the path %s", settings.datagram ? "datagram" : "stream",
			  program_path());
	else
		expecting("a %s socket on port %d", settings.datagram ? "UDP" : "TCP", port);
	for (;;) {
		program_holders(&holders);
		if (holders.n > 0)
			break;
		if (program_ended())
			fails("never", "it ended %s before it listened",
			      command_end_text(program_status()));
		/* A socket elsewhere may be only the first of several, for as long as an answer
		 * takes. */
		bool late = clock_ms() >= end;
		if (late || clock_ms() >= patient_until) {
			if (elsewhere(instead, sizeof(instead), &swapped) || late)
				never_ready(instead, swapped);
			patient_until = clock_ms() + answer_ms() / 4;
		}
		nap_ms(LOOK_MS);
	}
	story->down = false;
}

static void start(void)
{
	child_status = -1;
	child = run_command();
	until_ready();
}

void program_start(void)
{
	int n;

	snprintf(path, sizeof(path), "%s/socket", launch_folder);
	port = settings.path ? 0 : settings.where != NULL ? number(settings.where) : free_port();
	n = sockets_waiting(sockets, MOST_SOCKETS);
	for (int i = 0; i < n; i++)
		if (is_ours(&sockets[i]))
			fails("taken", "another program has this address already");
	after("start it");
	start();
	next_part();
}

void program_start_again(void)
{
	after("start it again on the same %s", settings.path ? "path" : "port");
	start();
}

pid_t program_start_second(void)
{
	after("start it a second time on the same %s", settings.path ? "path" : "port");
	return run_command();
}
