/*
 * A datagram that got no answer is known without a time-out: the server answers in order, so when a
 * later one's answer comes, the earlier one was lost.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/sweep_datagram.h"
#include "tests/sweep_fault.h"
#include "tests/sweep_findings.h"
#include "tests/sweep_run.h"

#define HURRY_MS 30 /* then the next datagram goes out, whether the answer came or not */

/* With a path of its own for AF_UNIX, because otherwise there is no way back. */
static int dial(const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX, .sun_path = "sweep.client"};
	int fd = socket(sa->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (sa->sa_family == AF_UNIX && bind(fd, (struct sockaddr *)&own, sizeof(own)) == -1)
		err(1, "bind %s", own.sun_path);
	if (connect(fd, sa, len) == -1)
		finding("clients can connect", "%s", strerror(errno));
	return fd;
}

/* Each is sent once, but the last one until it is answered. */
static const char *const words[] = {"first", "bytes", "again", "other", "later"};
#define NWORDS 5
#define LATER (NWORDS - 1)

static bool seen[NWORDS]; /* its answer */

/* Waits up to MS milliseconds for an answer. */
static bool hears(int fd, int ms)
{
	char buf[64] = "";

	if (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, ms) != 1 ||
	    recv(fd, buf, sizeof(buf) - 1, 0) == -1)
		return false;
	for (int i = 0; i < NWORDS; i++)
		if (strcasecmp(buf, words[i]) == 0 && isupper((unsigned char)buf[0]) &&
		    (!seen[i] || i == LATER))
			return seen[i] = true;
	finding("each datagram in capitals, and once", "%s", one_line(buf));
	return false;
}

/* Sends a word and waits a little for its answer. */
static void say(int fd, int from, int i)
{
	send(fd, words[i], strlen(words[i]), MSG_NOSIGNAL);
	while (!seen[i] && hears(from, HURRY_MS))
		;
}

void datagram_session(const struct sockaddr *sa, socklen_t len, int group)
{
	int fd = dial(sa, len), from = group != -1 ? group : fd, lost = 0;

	memset(seen, false, sizeof(seen));
	while (recv(from, (char[64]){0}, 64, MSG_DONTWAIT) != -1)
		; /* what the server of the run before sent to the group at last */
	for (int i = 0; i < LATER; i++)
		say(fd, from, i);
	fault_wait();
	for (int ms = 0; ms < PATIENCE_MS && !seen[LATER]; ms += HURRY_MS)
		say(fd, from, LATER);
	if (!seen[LATER])
		finding("after the fault clients are answered", "no answer in %d ms", PATIENCE_MS);
	for (int i = 0; i < LATER; i++)
		lost += !seen[i];
	if (lost > 1 && !fault_lasts())
		finding("one datagram at most is lost", "%d are lost", lost);
	close(fd);
	unlink("sweep.client");
}

int group_listener(const char *group, int *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct ip_mreqn member = {.imr_ifindex = (int)if_nametoindex("lo")};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	inet_pton(AF_INET, group, &member.imr_multiaddr);
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) == -1 ||
	    setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof(member)) == -1 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) == -1)
		err(1, "a listener of %s", group);
	*port = ntohs(in.sin_port);
	return fd;
}
