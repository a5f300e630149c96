#include "wrap/echo.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

#define BLOCKING_BYTES 65536   /* on the stack of a thread of its own */
#define STEP_BYTES 131072      /* one read's worth decides the speed of bulk data */
#define MOST_CLIENTS (1 << 20) /* more descriptors no process has, unless fs.nr_open is raised */
#define PAUSE_MS 100

/*
 * The clients of the non-blocking echo by descriptor: NULL, and no memory taken, where there is
 * none. Atomic: nothing else orders a thread that ends a client and the one that accept then gives
 * the same descriptor.
 */
static _Atomic(struct client *) clients[MOST_CLIENTS];
static _Atomic int64_t pause_end; /* of accepting; 0: none */
static bool paused;		  /* what accept_want said last */

/* One branch-free loop in a function of its own, so that the compiler vectorises it. */
void upper(char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = (char)(buf[i] ^ (((unsigned char)(buf[i] - 'a') < 26) << 5));
}

/* Accepts a client, NAMED by its address or "". Or NULL with errno: none is there, or no room. */
static struct client *take(int lfd, bool named)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	/* First: while there is no memory who comes waits in the kernel's queue. */
	struct client *c = malloc(sizeof(*c) + (named ? ADDRESS_TEXT : 1));

	if (c == NULL)
		return NULL;
	*c = (struct client){.fd = Accept(lfd, (struct sockaddr *)&sa, &len)};
	if (c->fd >= MOST_CLIENTS) {
		Close(c->fd);
		c->fd = -1;
		errno = EMFILE;
	}
	if (c->fd == -1) {
		free(c);
		return NULL;
	}
	c->who[0] = '\0';
	if (!named)
		return c;
	address_text((struct sockaddr *)&sa, len, c->who);
	struct client *smaller = realloc(c, sizeof(*c) + strlen(c->who) + 1);
	if (smaller != NULL)
		c = smaller;
	return c;
}

struct client *client_wait(int lfd)
{
	while (!stopping()) {
		/* The text costs pages of the stack, each child's too, and -q doesn't show it. */
		struct client *c = take(lfd, !opt.quiet);
		if (c != NULL || errno == EINVAL) /* shut down: a crew's parent has been stopped */
			return c;
		shortage("accept");
	}
	return NULL;
}

struct client *client_try(int lfd)
{
	struct client *c = take(lfd, true);

	if (c == NULL)
		shortage("accept"); /* silent when stopping */
	return c;
}

int client_accept(int lfd)
{
	struct client *c = take(lfd, true);

	if (c == NULL) {
		if (errno != EAGAIN) {
			say_shortage("accept");
			pause_end = now_ms() + PAUSE_MS;
		}
		return -1;
	}
	clients[c->fd] = c;
	log_connected(c->who);
	return c->fd;
}

void client_free(struct client *c)
{
	Close(c->fd);
	free(c);
}

static int drop(struct client *c, int err)
{
	log_gone(c->who, c->bytes, err);
	free(c->owed);
	clients[c->fd] = NULL;
	pause_end = 0; /* there is room for another one */
	client_free(c);
	return OVER;
}

int client_drop(int fd, int err)
{
	return drop(clients[fd], err);
}

void client_refuse(int cfd)
{
	complain("client %s refused, descriptor %d", clients[cfd]->who, cfd);
	count_refused();
	client_drop(cfd, 0);
}

/* Keeps N bytes for when the client takes them; DATA may lie in what is kept already. */
static int owe(struct client *c, const char *data, size_t n)
{
	if (c->owed == NULL && (c->owed = malloc(n)) == NULL) {
		say_shortage("malloc");
		return drop(c, ENOMEM);
	}
	memmove(c->owed, data, n);
	c->nowed = (int)n;
	return WANT_WRITE;
}

/* One read into BUF and one write at most, each with FLAGS; what is owed goes first. */
static int step(struct client *c, char *buf, size_t size, int flags)
{
	char *data = buf;
	ssize_t n, sent;

	if (c->owed != NULL) {
		data = c->owed;
		n = c->nowed;
	} else {
		n = recv(c->fd, buf, size, flags);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return KEEP;
		if (n <= 0)
			return drop(c, n == 0 ? 0 : errno);
		c->bytes += (size_t)n;
		log_data(c->who, buf, (size_t)n);
		upper(buf, (size_t)n);
	}
	sent = send(c->fd, data, (size_t)n, flags | MSG_NOSIGNAL);
	if (sent == -1 && errno != EAGAIN && errno != EINTR)
		return drop(c, errno);
	if (sent < n)
		return owe(c, data + (sent == -1 ? 0 : sent), (size_t)(sent == -1 ? n : n - sent));
	if (c->owed == NULL)
		return (size_t)n == size ? WANT_READ : KEEP;
	free(c->owed);
	c->owed = NULL;
	return WANT_READ;
}

int echo_step(int fd)
{
	char buf[STEP_BYTES];

	return step(clients[fd], buf, sizeof(buf), MSG_DONTWAIT);
}

void echo_client(struct client *c)
{
	char buf[BLOCKING_BYTES];

	log_connected(c->who);
	while (step(c, buf, sizeof(buf), 0) != OVER)
		;
}

int accept_want(void)
{
	int64_t end = pause_end;
	bool pause = end != 0 && end > now_ms();

	if (pause == paused)
		return KEEP;
	paused = pause;
	return paused ? WANT_NOTHING : WANT_READ;
}

int accept_timeout(void)
{
	return paused ? PAUSE_MS : -1;
}

void echo_end(void)
{
	for (int fd = 0; fd < MOST_CLIENTS; fd++)
		if (clients[fd] != NULL)
			client_drop(fd, 0);
}

bool flow_step(struct flow *f)
{
	bool writes = f->rest > 0;
	size_t most = f->to == STDOUT_FILENO && f->rest > PIPE_BUF ? PIPE_BUF : f->rest;
	ssize_t n =
	    writes ? Write(f->to, f->buf + f->off, most) : Read(f->from, f->buf, sizeof(f->buf));

	if (n == -1 && errno == EAGAIN) { /* who else has it open may have set O_NONBLOCK */
		struct pollfd p = {.fd = writes ? f->to : f->from};
		p.events = writes ? POLLOUT : POLLIN;
		poll(&p, 1, PAUSE_MS);
	} else if (n <= 0) {
		f->err = n == -1 ? errno : 0;
		f->ended = true;
	} else if (writes) {
		f->bytes += (size_t)n;
		f->off += (size_t)n;
		f->rest -= (size_t)n;
	} else {
		f->off = 0;
		f->rest = (size_t)n;
	}
	return !f->ended;
}

int flow_end(const struct flow *up, const struct flow *down)
{
	const struct flow *failed = up->err != 0 ? up : down;
	const char *reading = failed == up ? "read stdin" : "read from the server";
	const char *writing = failed == up ? "write to the server" : "write stdout";

	if (failed->err == 0)
		return client_end(up->ended, up->bytes, down->bytes);
	errno = failed->err;
	complain("%s", failed->rest == 0 ? reading : writing);
	return EXIT_FAILURE;
}

int client_end(bool all, uint64_t sent, uint64_t received)
{
	if (all && sent == received)
		return EXIT_SUCCESS;
	errno = 0;
	complain("the server %s: %llu bytes sent, %llu came back",
		 received > sent ? "sent too much"
		 : all		 ? "closed early"
				 : "closed before the input ended",
		 (unsigned long long)sent, (unsigned long long)received);
	return EXIT_FAILURE;
}
