/*
 * A server for the tests of make grade: a process per connection, right but for one thing.
 *
 *   bad_server MODE [PORT]
 *
 *   good        nothing is wrong
 *   absent      never listens; swapped: without htons; elsewhere: on a port that the kernel picks
 *   flood       prints 20 MB at the start, and a megabyte for each client
 *   daemon      forks, calls setsid, and the first process ends
 *   stubborn    ignores SIGTERM
 *   once        answers once for each client, and closes
 *   plain       bytes come back as they were
 *   mute        takes everything and answers nothing
 *   dribble     sends a byte every 50 ms, for ever
 *   crash       ends with SIGSEGV at the first client's end
 *   leak        leaves each client's descriptor open
 *   zombies     does not wait for its children
 *   weak        ends at the first wait that is interrupted
 *   spin        waits for nothing
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/talk.h"

static const char *mode;

static bool is(const char *name)
{
	return strcmp(mode, name) == 0;
}

static void reap(int signo)
{
	int reason = errno;

	(void)signo;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = reason;
}

static int listen_on(int port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int on = 1, lfd = socket(AF_INET, SOCK_STREAM, 0);

	if (is("swapped"))
		in.sin_port = (in_port_t)port;
	if (is("elsewhere"))
		in.sin_port = 0;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(lfd, (struct sockaddr *)&in, sizeof(in)) == -1 || listen(lfd, 128) == -1)
		die_errno("bind");
	return lfd;
}

static void print_megabytes(int n)
{
	static const char line[] = "this line is printed again and again\n";

	for (size_t i = 0; i < (size_t)n * 1000000 / (sizeof(line) - 1); i++)
		fputs(line, stdout);
	fflush(stdout);
}

static void serve(int fd)
{
	char buf[65536];
	ssize_t n;

	if (is("flood"))
		print_megabytes(1);
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (is("mute"))
			continue;
		if (!is("plain"))
			capitals(buf, (size_t)n);
		for (ssize_t i = 0; is("dribble"); i = (i + 1) % n) {
			say(fd, buf + i, 1);
			nap_ms(50);
		}
		for (ssize_t sent = 0, some; sent < n; sent += some)
			if ((some = write(fd, buf + sent, (size_t)(n - sent))) <= 0)
				return;
		if (is("once"))
			return;
	}
}

static void daemonize(void)
{
	if (new_process() != 0)
		_exit(0);
	setsid();
	if (new_process() != 0)
		_exit(0);
}

static void accept_all(int lfd)
{
	struct epoll_event event = {.events = EPOLLIN};
	int ep = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(ep, EPOLL_CTL_ADD, lfd, &event);
	for (;;) {
		if (is("weak") && epoll_wait(ep, &event, 1, -1) == -1)
			die_errno("epoll_wait");
		int fd = accept(lfd, NULL, NULL);
		if (fd == -1)
			continue;
		pid_t parent = getpid();
		if (new_process() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			close(lfd);
			serve(fd);
			if (is("crash"))
				kill(parent, SIGSEGV);
			_exit(0);
		}
		if (!is("leak"))
			close(fd);
	}
}

int main(int argc, char *argv[])
{
	mode = argc > 1 ? argv[1] : "good";
	signal(SIGPIPE, SIG_IGN);
	if (!is("zombies"))
		signal(SIGCHLD, is("weak") ? SIG_IGN : reap);
	if (is("stubborn"))
		signal(SIGTERM, SIG_IGN);
	if (is("daemon"))
		daemonize();
	if (is("absent"))
		for (;;)
			pause();
	int lfd = listen_on(argc > 2 ? number(argv[2]) : 9999);
	if (is("flood"))
		print_megabytes(20);
	if (is("spin") && new_process() == 0)
		for (;;)
			;
	accept_all(lfd);
}
