/*
 * The rules for a server. At its start a failed call ends it with one line that names the call, and
 * status 1, or does no harm. Once it serves, a fault costs one client at most (sweep_stream.c,
 * sweep_datagram.c); afterwards it has the descriptors and processes that it had before, and does
 * not spin. SIGTERM ends it, though a client is connected, with its closing line and status 0, and
 * leaves neither process nor file.
 */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sweep_datagram.h"
#include "tests/sweep_fault.h"
#include "tests/sweep_findings.h"
#include "tests/sweep_server.h"
#include "tests/sweep_stream.h"
#include "tests/sweep_watch.h"

static struct usage at_rest; /* what it uses when nobody is there and nothing has failed */

/* Where clients go. Its line on stdout may be what has failed; then the socket tells. */
static bool ready(int type, struct sockaddr_storage *sa, socklen_t *len)
{
	for (int i = 0; i < 4 * PATIENCE_MS && !run_ends(0); i++) {
		bool printed = strchr(run_output(), '\n') != NULL;
		if (printed || fault_mutes()) {
			int fd = watch_socket(run.pidfd, type);
			*len = sizeof(*sa);
			if (fd != -1 && getsockname(fd, (struct sockaddr *)sa, len) == 0) {
				close(fd); /* with our copy open the server's close would not close
					      it */
				return true;
			}
		}
		usleep(250);
	}
	if (!run_ends(0))
		finding("it serves or ends", "neither in %d ms", PATIENCE_MS);
	return false;
}

/* Waits until it uses no more than at rest, for it closes and reaps after we have left. */
static void judge_usage(bool loops)
{
	struct usage now = watch_usage(run.pid);
	/* A loop opens its spare descriptor for its first client, which not every worker has had.
	 */
	int most = at_rest.descriptors + (loops ? at_rest.processes - 1 : 0);

	for (int i = 0; i < PATIENCE_MS; i++) {
		if (now.descriptors <= most && now.processes == at_rest.processes)
			return;
		usleep(1000);
		now = watch_usage(run.pid);
	}
	if (now.processes != at_rest.processes)
		finding("as many processes as before", "%d in place of %d", now.processes,
			at_rest.processes);
	else
		finding("no more descriptors than before", "%d in place of %d", now.descriptors,
			at_rest.descriptors);
}

/* The first run: it is at rest when nothing has changed for a while. */
static void learn_usage(void)
{
	for (int same = 0; same < 100; same++) {
		struct usage now = watch_usage(run.pid);
		if (memcmp(&now, &at_rest, sizeof(now)) != 0)
			same = 0;
		at_rest = now;
		usleep(1000);
	}
}

static const char *last_line(const char *text)
{
	const char *end = strrchr(text, '\n'), *line = text;

	for (const char *p = text; p < end; p++)
		if (*p == '\n')
			line = p + 1;
	return line;
}

static void judge_stop(void)
{
	if (!run_ends(0))
		kill(run.pid, SIGTERM);
	if (!run_ends(PATIENCE_MS))
		finding("SIGTERM ends it", "it still runs after %d ms", PATIENCE_MS);
	else if (fault_killed())
		; /* by us */
	else if (run.status != 0)
		finding("SIGTERM ends it with status 0", "%s", status_text(run.status));
	else if (strncmp(last_line(run_output()), "served ", 7) != 0 && !fault_mutes())
		finding("a closing line", "%s", one_line(last_line(run_output())));
}

static void judge_service(const struct server *s, const struct sockaddr *sa, socklen_t len,
			  const struct fault *fault)
{
	int stays = -1;

	if (s->type == SOCK_STREAM)
		stream_session(sa, len, s->alone, s->loops && fault_kills() ? STREAM_CLIENTS : 1);
	else
		datagram_session(sa, len, s->group);
	if (!fault_killed()) {
		if (fault->call == NULL)
			learn_usage();
		else
			judge_usage(s->loops);
		if (s->type == SOCK_STREAM)
			stays = stream_stay(sa, len);
		if (run_ends(0) && !fault_killed())
			finding("it goes on", "%s", status_text(run.status));
		if (fault_insisted() || watch_spins(run.pid))
			finding("it waits", "it spins");
	}
	judge_stop();
	if (s->type == SOCK_STREAM) /* each datagram that is lost is worth a line */
		judge_complaints();
	close(stays);
}

void judge_server(const struct server *s, const struct fault *fault)
{
	struct sockaddr_storage sa;
	socklen_t len;

	run_start(s->argv, -1, fault);
	if (ready(s->type, &sa, &len))
		judge_service(s, (struct sockaddr *)&sa, len, fault);
	else if (run_ends(0))
		judge_failure(true);
	judge_left_behind();
}
