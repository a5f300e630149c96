#include "wrap/echo.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

#define BLOCKING_BYTES 65536 /* on the stack of a thread of its own */
#define STEP_BYTES 131072    /* one read's worth decides the speed of bulk data */
#define PAUSE_MS 100
#define CHUNK 1024

/* One branch-free loop in a function of its own, so that the compiler vectorises it. */
void upper(char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = (char)(buf[i] ^ (((unsigned char)(buf[i] - 'a') < 26) << 5));
}

struct client *client_wait(int lfd)
{
	struct client *c;

	while ((c = malloc(sizeof(*c))) == NULL && !stopping())
		shortage("malloc");
	while (!stopping()) {
		c->len = sizeof(c->addr);
		c->fd = Accept(lfd, (struct sockaddr *)&c->addr, &c->len);
		if (c->fd != -1)
			return c;
		if (errno == EINVAL) /* shut down: by the parent, when this is one of a crew */
			break;
		shortage("accept");
	}
	free(c);
	return NULL;
}

void client_free(struct client *c)
{
	Close(c->fd);
	free(c);
}

void echo_client(struct client *c)
{
	char buf[BLOCKING_BYTES], who[ADDRESS_TEXT] = "";
	uint64_t bytes = 0;
	ssize_t n;

	if (!opt.quiet) /* it costs a page of the stack, which with -q nobody reads */
		address_text((const struct sockaddr *)&c->addr, c->len, who);
	log_connected(who);
	while ((n = Read(c->fd, buf, sizeof(buf))) > 0) {
		log_data(who, buf, (size_t)n);
		bytes += (size_t)n;
		upper(buf, (size_t)n);
		if (Writen(c->fd, buf, (size_t)n) == -1) {
			n = -1;
			break;
		}
	}
	log_gone(who, bytes, n == -1 ? errno : 0);
	client_free(c);
}

/* Kept small: ten thousand idle clients shall cost next to nothing. */
struct slot {
	struct owed *owed; /* what the client has not taken yet; NULL: nothing */
	uint64_t bytes;
	union {
		struct sockaddr sa;
		struct sockaddr_in6 in6;
	} peer;
	bool open;
};

struct owed {
	size_t len;
	char data[];
};

/*
 * The clients by descriptor, in chunks that never move: a thread may hold one while another
 * thread's client makes the table grow. As many chunks as the kernel's highest descriptor, 2^30,
 * may need; those that are not used take no memory.
 */
static struct slot *chunks[1 << 20];
static int nchunks; /* up to the last that is used */

/*
 * How many there are. Nobody asks; but a thread that ends a client counts it down before close, and
 * the one that is given the same descriptor by accept counts up after, so that an atomic orders
 * what they do to the slot.
 */
static atomic_int nclients;
static _Atomic int64_t pause_end; /* of accepting; 0: none */
static bool paused;		  /* what accept_want said last */

static struct slot *slot(int fd)
{
	return &chunks[fd / CHUNK][fd % CHUNK];
}

static bool make_room(int fd)
{
	int i = fd / CHUNK;

	if (chunks[i] == NULL && (chunks[i] = calloc(CHUNK, sizeof(struct slot))) == NULL)
		return false;
	if (nchunks <= i)
		nchunks = i + 1;
	return true;
}

/* The client's address; not with -q, where nobody reads it. */
static const char *who_is(const struct slot *c, char who[ADDRESS_TEXT])
{
	who[0] = '\0';
	if (!opt.quiet)
		address_text(&c->peer.sa, sizeof(c->peer), who);
	return who;
}

int client_accept(int lfd)
{
	struct slot c = {.open = true};
	socklen_t len = sizeof(c.peer);
	char who[ADDRESS_TEXT];
	int cfd = Accept(lfd, &c.peer.sa, &len);

	if (cfd == -1 && errno == EAGAIN)
		return -1;
	if (cfd == -1 || !make_room(cfd)) {
		say_shortage(cfd == -1 ? "accept" : "calloc");
		pause_end = now_ms() + PAUSE_MS;
		if (cfd != -1)
			Close(cfd);
		return -1;
	}
	nclients++;
	*slot(cfd) = c;
	log_connected(who_is(&c, who));
	return cfd;
}

int client_drop(int fd, int err)
{
	struct slot *c = slot(fd);
	char who[ADDRESS_TEXT];

	log_gone(who_is(c, who), c->bytes, err);
	if (c->owed != NULL) {
		free(c->owed);
#ifdef __GLIBC__ /* a block that another one is owed may keep all below it from the kernel */
		malloc_trim(0);
#endif
	}
	*c = (struct slot){.open = false};
	pause_end = 0; /* there is room for another one */
	nclients--;
	Close(fd);
	return OVER;
}

void client_refuse(int cfd)
{
	char who[ADDRESS_TEXT];
	int err = errno;

	address_text(&slot(cfd)->peer.sa, sizeof(slot(cfd)->peer), who);
	errno = err;
	complain("client %s refused, descriptor %d", who, cfd);
	count_refused();
	client_drop(cfd, 0);
}

/* Keeps N bytes for when the client takes them; DATA may lie in what is kept already. */
static int owe(int fd, const char *data, size_t n)
{
	struct slot *c = slot(fd);

	if (c->owed == NULL && (c->owed = malloc(sizeof(*c->owed) + n)) == NULL) {
		say_shortage("malloc");
		return client_drop(fd, ENOMEM);
	}
	memmove(c->owed->data, data, n);
	c->owed->len = n;
	return WANT_WRITE;
}

int echo_step(int fd)
{
	struct slot *c = slot(fd);
	char buf[STEP_BYTES], who[ADDRESS_TEXT], *data = buf;
	ssize_t n, sent;

	if (c->owed != NULL) {
		data = c->owed->data;
		n = (ssize_t)c->owed->len;
	} else {
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return KEEP;
		if (n <= 0)
			return client_drop(fd, n == 0 ? 0 : errno);
		c->bytes += (size_t)n;
		log_data(opt.verbose ? who_is(c, who) : "", buf, (size_t)n);
		upper(buf, (size_t)n);
	}
	sent = send(fd, data, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent == -1 && errno != EAGAIN && errno != EINTR)
		return client_drop(fd, errno);
	if (sent < n)
		return owe(fd, data + (sent == -1 ? 0 : sent), (size_t)(sent == -1 ? n : n - sent));
	if (c->owed == NULL)
		return n == sizeof(buf) ? WANT_READ : KEEP;
	free(c->owed);
	c->owed = NULL;
	return WANT_READ;
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
	for (int i = 0; i < nchunks; i++) {
		for (int j = 0; chunks[i] != NULL && j < CHUNK; j++)
			if (chunks[i][j].open)
				client_drop(i * CHUNK + j, 0);
		free(chunks[i]);
		chunks[i] = NULL;
	}
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
