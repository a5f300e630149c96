/*
 * A race of connections. A name may have several addresses, and one that does not answer would hold
 * up the client for minutes. So after 250 ms the next address is tried as well, and after a refusal
 * at once. The first connection that is made wins, and the others are closed. IPv6 and IPv4 take
 * turns, because often one of the two does not work at all. RFC 8305 calls this Happy Eyeballs; its
 * DNS queries are left out here. After the race this is poll/client.
 * Try: poll/README.md gives a name two addresses, of which one does not answer; make diff; strace.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrap/connect.h"
#include "wrap/flow.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/wrap.h"

#define STAGGER_MS 250
#define MOST 32 /* attempts; what a name has beyond them is left out */

/* Puts the addresses of LIST into ATTEMPTS, its two families in turn. Returns how many they are. */
static int take_turns(const struct addrinfo *list, struct attempt attempts[MOST])
{
	/* Even places are for the family of the first address, odd ones for the other. */
	const struct addrinfo *places[2 * MOST] = {NULL};
	int next[] = {0, 1}, n = 0;

	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		int *place = &next[ai->ai_family != list->ai_family];
		if (*place < 2 * MOST)
			places[*place] = ai;
		*place += 2;
	}
	for (int i = 0; i < 2 * MOST && n < MOST; i++)
		if (places[i] != NULL)
			attempts[n++].ai = places[i];
	return n;
}

/* Closes the sockets of SET other than WINNER, which it returns. */
static int close_others(const struct pollfd set[], int n, int winner)
{
	for (int i = 0; i < n; i++)
		if (set[i].fd != -1 && set[i].fd != winner)
			close(set[i].fd);
	return winner;
}

/* Returns the first connection that is made, or -1 when all N failed; LAST is then the last
 * failure. */
static int race(struct attempt attempts[], int n, struct attempt **last)
{
	struct pollfd set[MOST]; /* fd -1: this attempt has failed */
	int started = 0, running = 0;
	int last_wait = opt.timeout > 0 ? (int)(opt.timeout * 1000) : -1;

	while (started < n || running > 0) {
		if (started < n) {
			*last = &attempts[started];
			int fd = tcp_start_connect(*last);
			set[started++] = (struct pollfd){.fd = fd, .events = POLLOUT};
			if (fd == -1) /* at once, for example without a route */
				continue;
			running++;
		}
		int nready = poll(set, (nfds_t)started, started < n ? STAGGER_MS : last_wait);
		if (nready == -1 && errno != EINTR)
			perr_exit("poll");
		bool over = nready == 0 && started == n; /* -t: nobody else can win */
		for (int i = 0; i < started; i++) {
			if (set[i].fd == -1 || (set[i].revents == 0 && !over))
				continue;
			int err = over ? ETIMEDOUT : connect_error(set[i].fd);
			if (err == 0)
				return close_others(set, started, set[i].fd);
			*last = &attempts[i];
			set[i].fd = attempt_failed(*last, set[i].fd, "connect", err);
			running--;
		}
	}
	return -1;
}

/* As tcp_connect, but the addresses race. The socket is non-blocking. */
static int race_connect(const char *host, uint16_t port)
{
	struct addrinfo *list = tcp_addresses(host, port);
	struct attempt attempts[MOST], *last = attempts;
	int fd = race(attempts, take_turns(list, attempts), &last);

	if (fd == -1) {
		complain_about(last);
		exit(EXIT_FAILURE);
	}
	freeaddrinfo(list);
	check_peer(fd);
	return fd;
}

/* Returns what F waits for, or fd -1 if F has ended, because its end of file would stay ready. */
static struct pollfd watch(const struct flow *f)
{
	int fd = f->rest > 0 ? f->to : f->from;
	return (struct pollfd){.fd = f->ended ? -1 : fd, .events = f->rest > 0 ? POLLOUT : POLLIN};
}

int main(int argc, char *argv[])
{
	options(argc, argv, "[-t SECONDS] [HOST=127.0.0.1 [PORT=6666]]");
	int fd = race_connect(opt.host, opt.port); /* non-blocking */
	struct flow up = {.from = STDIN_FILENO, .to = fd};
	struct flow down = {.from = fd, .to = STDOUT_FILENO};

	while (!down.ended) {
		struct pollfd set[] = {watch(&up), watch(&down)}; /* the socket may be in both */
		int nready = poll(set, 2, -1);
		if (nready == -1 && errno != EINTR)
			perr_exit("poll");
		if (nready > 0 && set[0].revents != 0 && !flow_step(&up))
			shutdown(fd, SHUT_WR); /* half-close: the echo still comes back */
		if (nready > 0 && set[1].revents != 0)
			flow_step(&down);
	}
	close(fd);
	return flow_status(&up, &down);
}
