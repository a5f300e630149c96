/*
 * A network between a UDP client and a server that loses, doubles and delays datagrams, each way
 * by itself. One that is delayed comes behind those that were sent after it.
 *
 *   relay LOST DOUBLED DELAYED MS SERVER [PORT]    three numbers of a hundred datagrams
 *
 * It prints "listening on ADDR" and then a line for each datagram, "-> lost 3.1 hello" for one to
 * the server, "<-" for one back. Answers go to the client that was heard last. The same number of
 * datagrams has the same fate in each run, so that a test that fails can be tried again.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/talk.h"

#define LARGEST 65507
#define MOST_DELAYED 1000
#define SHOWN 20 /* bytes of each datagram */

static int lost, doubled, delayed, delay_ms;
static struct sockaddr_storage client;
static socklen_t client_len;

/* Those that are on their way, the oldest first: all have the same delay. */
static struct datagram {
	int64_t due;
	int to; /* this socket's peer */
	size_t n;
	char *bytes;
} queue[MOST_DELAYED];
static int first, queued;

static int front, back; /* the sockets: to the client, to the server */

static void deliver(int to, const char *bytes, size_t n)
{
	const struct sockaddr *sa = to == front ? (const struct sockaddr *)&client : NULL;

	sendto(to, bytes, n, 0, sa, to == front ? client_len : 0); /* a lost one is no error */
}

static void delay(int to, const char *bytes, size_t n)
{
	struct datagram *d = &queue[(first + queued) % MOST_DELAYED];

	if (queued == MOST_DELAYED)
		return; /* the network is full, and loses it */
	*d = (struct datagram){clock_ms() + delay_ms, to, n, allocate(n + 1)};
	memcpy(d->bytes, bytes, n);
	queued++;
}

static void deliver_due(void)
{
	for (; queued > 0 && queue[first].due <= clock_ms(); queued--) {
		deliver(queue[first].to, queue[first].bytes, queue[first].n);
		free(queue[first].bytes);
		first = (first + 1) % MOST_DELAYED;
	}
}

/* Whether it happens this time: PERCENT of a hundred times. */
static bool happens(int percent)
{
	return rand() % 100 < percent;
}

static void carry(int to, const char *bytes, size_t n)
{
	bool is_lost = happens(lost), is_doubled = happens(doubled), is_delayed = happens(delayed);
	const char *fate = is_lost	? "lost"
			   : is_delayed ? "delayed"
			   : is_doubled ? "doubled"
					: "carried";
	int shown = (int)strcspn(bytes, "\n");

	put_line("%s %s %.*s", to == back ? "->" : "<-", fate, shown < SHOWN ? shown : SHOWN,
		 bytes);
	if (is_lost)
		return;
	if (is_doubled)
		deliver(to, bytes, n);
	if (is_delayed)
		delay(to, bytes, n);
	else
		deliver(to, bytes, n);
}

static void relay(void)
{
	static char bytes[LARGEST + 1];
	struct pollfd set[] = {{.fd = front, .events = POLLIN}, {.fd = back, .events = POLLIN}};

	for (;;) {
		int wait = queued > 0 ? (int)(queue[first].due - clock_ms()) : -1;
		poll(set, 2, queued > 0 && wait < 0 ? 0 : wait);
		deliver_due();
		for (int i = 0; i < 2; i++) {
			struct sockaddr_storage sa;
			socklen_t len = sizeof(sa);
			ssize_t n = recvfrom(set[i].fd, bytes, LARGEST, MSG_DONTWAIT,
					     (struct sockaddr *)&sa, &len);
			if (n == -1) /* nothing, or the server refuses */
				continue;
			bytes[n] = '\0';
			if (set[i].fd == front) {
				client = sa;
				client_len = len;
			}
			carry(set[i].fd == front ? back : front, bytes, (size_t)n);
		}
	}
}

int main(int argc, char *argv[])
{
	char own[32];

	if (argc < 6)
		die("usage: relay LOST DOUBLED DELAYED MS SERVER [PORT]");
	lost = number(argv[1]);
	doubled = number(argv[2]);
	delayed = number(argv[3]);
	delay_ms = number(argv[4]);
	back = dial_from(NULL, argv[5], SOCK_DGRAM);
	snprintf(own, sizeof(own), "127.0.0.1:%.5s", argc > 6 ? argv[6] : "0");
	front = bound_to(own, SOCK_DGRAM);
	print_address("listening", front);
	relay();
}
