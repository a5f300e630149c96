/*
 * A server that is busy leaves its clients in the queue of its listening socket, and when that is
 * full the kernel drops their first segment and repeats it only after a second. That second would
 * be ours and not the server's, so each try is short, and the next one follows at once.
 */
#include "tests/grade/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/grade/launch.h"
#include "tests/grade/pace.h"
#include "tests/grade/settings.h"
#include "tests/grade/story.h"
#include "tests/grade/visit.h"
#include "tests/talk.h"

#define ONE_TRY_MS 100

static int new_socket(void)
{
	static int nth;
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	int type = settings.datagram ? SOCK_DGRAM : SOCK_STREAM, on = 1;
	int fd = socket(program_at.addr.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		die_errno("socket");
	if (settings.datagram && settings.path) {
		snprintf(own.sun_path, sizeof(own.sun_path), "%s/client.%d", launch_folder, nth++);
		unlink(own.sun_path);
		if (bind(fd, (struct sockaddr *)&own, sizeof(own)) == -1)
			die_errno("bind");
	}
	if (type == SOCK_STREAM && !settings.path)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* One try of FD to connect; false with errno. */
static bool connects(int fd, int64_t until)
{
	socklen_t len = sizeof(errno);
	int reason = 0;

	if (connect(fd, (struct sockaddr *)&program_at.addr, program_at.len) == 0)
		return true;
	if (errno != EINPROGRESS)
		return false;
	errno = ETIMEDOUT;
	if (!visit_wait(fd, POLLOUT, until))
		return false;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &len);
	errno = reason;
	return reason == 0;
}

int visit_try_connect(int ms)
{
	int64_t end = clock_ms() + ms;

	for (;;) {
		int64_t until = clock_ms() + ONE_TRY_MS;
		int fd = new_socket();
		if (connects(fd, until < end ? until : end))
			return fd;
		int reason = errno;
		close(fd);
		errno = reason;
		bool is_full = reason == EAGAIN || reason == ETIMEDOUT;
		if (!is_full || clock_ms() >= end)
			return -1;
		nap_ms(1);
	}
}

int visit_connect(void)
{
	int64_t end = answer_by();

	after("connect");
	expecting("a connection");
	int fd = visit_try_connect((int)(end - clock_ms()));
	if (fd != -1)
		return fd;
	if (errno == EAGAIN || errno == ETIMEDOUT)
		fails("full", "no place in its queue of clients for %s", in_seconds(answer_ms()));
	fails(errno == ECONNREFUSED ? "refused" : "reset", "connect: %s", strerror(errno));
}
