/*
 * The table of events is indexed by descriptor, and epoll reports the descriptor. Each report is
 * checked against the table before it is passed on, because a call-back may close a descriptor and
 * open another one with the same number while the loop still holds reports about the old one.
 * Time-outs cost nothing while clients talk: an event only stores the time, and the loop looks at
 * the whole table only when the earliest time-out may have passed.
 */
#include "epoll/reactor.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "wrap/server.h"

#define BATCH 256  /* reports that one wait may bring */
#define GROW 256   /* the table grows by this many events or more */
#define TICK_MS 10 /* the least time between two looks at the time-outs */
#define NEVER INT64_MAX

/* 32 bytes, so that ten thousand idle ones cost next to nothing. */
struct event {
	reactor_call *call; /* NULL: there is no event on this descriptor */
	void *arg;
	int64_t since;	 /* when something was reported last */
	int timeout_ms;	 /* 0: none */
	uint32_t events; /* what it waits for */
};

struct reactor {
	int epfd;
	bool stopped;
	struct event *table; /* indexed by descriptor; it may move when it grows */
	int size;
	int64_t next_look; /* when to look at the time-outs again */
	struct epoll_event ready[BATCH];
	int nready;
};

struct reactor *reactor_new(void)
{
	struct reactor *r = calloc(1, sizeof(*r));

	if (r == NULL || (r->epfd = epoll_create1(0)) == -1) {
		free(r);
		return NULL;
	}
	r->next_look = NEVER;
	return r;
}

void reactor_free(struct reactor *r)
{
	close(r->epfd);
	free(r->table);
	free(r);
}

static bool has_event(const struct reactor *r, int fd)
{
	return fd >= 0 && fd < r->size && r->table[fd].call != NULL;
}

/* When FD's time-out passes. */
static int64_t deadline(const struct reactor *r, int fd)
{
	const struct event *e = &r->table[fd];

	return has_event(r, fd) && e->timeout_ms > 0 ? e->since + e->timeout_ms : NEVER;
}

int reactor_add(struct reactor *r, int fd, uint32_t events, reactor_call *call, void *arg)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (fd >= r->size) {
		size_t n = (size_t)fd + GROW;
		struct event *more = realloc(r->table, n * sizeof(*more));
		if (more == NULL)
			return -1;
		for (r->table = more; r->size < (int)n; r->size++)
			more[r->size] = (struct event){.call = NULL};
	}
	if (epoll_ctl(r->epfd, EPOLL_CTL_ADD, fd, &event) == -1)
		return -1;
	r->table[fd] = (struct event){.call = call, .arg = arg, .events = events};
	return 0;
}

int reactor_change(struct reactor *r, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (epoll_ctl(r->epfd, EPOLL_CTL_MOD, fd, &event) == -1)
		return -1;
	r->table[fd].events = events;
	return 0;
}

void reactor_timeout(struct reactor *r, int fd, int ms)
{
	r->table[fd].since = now_ms();
	r->table[fd].timeout_ms = ms;
	if (r->next_look > deadline(r, fd))
		r->next_look = deadline(r, fd);
}

void reactor_remove(struct reactor *r, int fd)
{
	if (!has_event(r, fd))
		return;
	epoll_ctl(r->epfd, EPOLL_CTL_DEL, fd, NULL); /* EBADF: closed, so it has left the set */
	r->table[fd].call = NULL;
	/* Cancel its undelivered reports, or a new owner of FD would get them. */
	for (int i = 0; i < r->nready; i++)
		if (r->ready[i].data.fd == fd)
			r->ready[i].data.fd = -1;
}

static void call_back(struct reactor *r, int fd, uint32_t events)
{
	struct event *e = &r->table[fd];

	e->since = now_ms();
	e->call(r, fd, events, e->arg); /* last, because it may move the table, and E with it */
}

/* Calls back for each time-out that had passed at NOW, and finds out when to look next. */
static void call_timeouts(struct reactor *r, int64_t now)
{
	int64_t next = NEVER;

	r->next_look = NEVER; /* a call-back that sets a time-out may bring it forward */
	for (int fd = 0; fd < r->size && !r->stopped; fd++) {
		if (deadline(r, fd) <= now)
			call_back(r, fd, 0);
		if (deadline(r, fd) < next)
			next = deadline(r, fd);
	}
	if (r->stopped || next < now + TICK_MS)
		next = now + TICK_MS; /* one look a tick is enough; after a stop some are left */
	if (next < r->next_look)
		r->next_look = next;
}

static int wait_ms(const struct reactor *r)
{
	int64_t ms = r->next_look - now_ms();

	return r->next_look == NEVER ? -1 : ms > 0 ? (int)ms : 0;
}

int reactor_run(struct reactor *r)
{
	for (r->stopped = false; !r->stopped;) {
		r->nready = epoll_wait(r->epfd, r->ready, BATCH, wait_ms(r));
		if (r->nready == -1 && errno == EINTR)
			continue;
		if (r->nready == -1)
			return -1;
		/* Time-outs are judged as of now: what comes later is not reported yet. */
		int64_t waited_until = now_ms();
		bool all_reported = r->nready < BATCH;
		for (int i = 0; i < r->nready && !r->stopped; i++) {
			int fd = r->ready[i].data.fd;
			if (!has_event(r, fd)) /* a call-back has removed it */
				continue;
			/* A call-back may have changed what FD waits for. */
			uint32_t events = r->table[fd].events | EPOLLERR | EPOLLHUP;
			if ((r->ready[i].events & events) != 0)
				call_back(r, fd, r->ready[i].events & events);
		}
		r->nready = 0;
		/* Not after a full batch: descriptors with more reports to come are not silent. */
		if (all_reported && !r->stopped && waited_until >= r->next_look)
			call_timeouts(r, waited_until);
	}
	return 0;
}

void reactor_stop(struct reactor *r)
{
	r->stopped = true;
}
