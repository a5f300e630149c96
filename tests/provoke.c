/* How the unit tests provoke what is rare; all of it is real, only more frequent. */
#include "tests/provoke.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "wrap/error.h"

#define ONLY_INTERRUPT 9 /* so many alarms, before others do something */

static volatile sig_atomic_t alarms, stopped;
static void (*volatile others_do)(void);
static struct sockaddr_un where;
static socklen_t where_len;

static void need(const char *call, int result)
{
	if (result == -1)
		perr_exit("%s", call);
}

/* One at a time, so that a slow machine gets on between two of them. */
static void next_alarm(void)
{
	struct itimerval soon = {.it_value = {.tv_usec = 1000}};

	need("setitimer", setitimer(ITIMER_REAL, &soon, NULL));
}

static void on_alarm(int signo)
{
	int err = errno;

	(void)signo;
	if (++alarms > ONLY_INTERRUPT && others_do != NULL)
		others_do();
	if (!stopped)
		next_alarm();
	errno = err;
}

void start_alarms(void (*others)(void))
{
	struct sigaction action = {.sa_handler = on_alarm};

	others_do = others;
	alarms = stopped = 0;
	need("sigaction", sigaction(SIGALRM, &action, NULL));
	next_alarm();
}

void stop_alarms(void)
{
	stopped = 1;
	need("setitimer", setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL));
}

void pair(int fds[2])
{
	need("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

void small_buffer(int fd)
{
	int bytes = 4096;

	need("setsockopt", setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)));
}

void put(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		perr_exit("write");
}

int listen_unix(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	where = (struct sockaddr_un){.sun_family = AF_UNIX};
	where_len = sizeof(where);
	need("bind", bind(fd, (struct sockaddr *)&where, sizeof(where.sun_family)));
	need("listen", listen(fd, 16));
	need("getsockname", getsockname(fd, (struct sockaddr *)&where, &where_len));
	return fd;
}

int connect_unix(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	need("connect", connect(fd, (struct sockaddr *)&where, where_len));
	return fd;
}

static void set_limit(rlim_t n)
{
	struct rlimit limit;

	need("getrlimit", getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = n;
	need("setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
}

void no_more_descriptors(void)
{
	int lowest = dup(STDERR_FILENO);

	close(lowest);
	set_limit((rlim_t)lowest);
}

void more_descriptors(void)
{
	set_limit(64);
}
