/*
 * Bounds are fair when they grow with the load of the machine. Before each try, an echo of our own
 * that cannot be wrong shows how long a message takes here and now. A level is bounded as a whole
 * too, because a server that answers a byte now and then is never late with the next one.
 */
#include "tests/grade/pace.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/grade/settings.h"
#include "tests/talk.h"

#define ROUNDS 200
#define IDLE_MS 10.0 /* what ROUNDS take on an idle machine, with a margin */
#define MOST_SCALE 5.0

static double scale = 1;
static int64_t level_end;

static void echo_until_end(int fd)
{
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (recv(fd, &c, 1, 0) == 1 && send(fd, &c, 1, MSG_NOSIGNAL) == 1)
		;
	_exit(0);
}

void pace_measure(void)
{
	int ends[2];
	char c = 'x';

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1)
		die_errno("socketpair");
	pid_t pid = new_process();
	if (pid == 0) {
		close(ends[0]);
		echo_until_end(ends[1]);
	}
	close(ends[1]);
	int64_t start = clock_ms();
	for (int i = 0; i < ROUNDS; i++)
		if (send(ends[0], &c, 1, MSG_NOSIGNAL) != 1 || recv(ends[0], &c, 1, 0) != 1)
			die_errno("calibration");
	scale = (double)(clock_ms() - start) / IDLE_MS;
	scale = scale < 1 ? 1 : scale > MOST_SCALE ? MOST_SCALE : scale;
	close(ends[0]);
	waitpid(pid, NULL, 0);
}

bool pace_got_worse(void)
{
	double before = scale;

	pace_measure();
	return scale > 2 * before;
}

int scaled_ms(double ms)
{
	return (int)(ms * scale);
}

int answer_ms(void)
{
	return scaled_ms(settings.answer_s * 1000);
}

void level_begins(void)
{
	level_end = clock_ms() + scaled_ms(LEVEL_SECONDS * 1000);
}

int level_left(void)
{
	int64_t left = level_end - clock_ms();

	return left < 0 ? 0 : (int)left;
}

int64_t answer_by(void)
{
	int left = level_left();

	return clock_ms() + (left < answer_ms() ? left : answer_ms());
}

const char *in_seconds(int ms)
{
	static char text[32];

	snprintf(text, sizeof(text), "%.3g s", ms / 1000.0);
	return text;
}
