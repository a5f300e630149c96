#include "epoll/reactor.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "wrap/run.h"

#define BATCH 256  /* events that one wait may tell */
#define GROW 256   /* the table grows by so many */
#define TICK_MS 10 /* the least between two looks for time-outs */
#define NEVER INT64_MAX

/* 32 bytes: ten thousand idle ones shall cost next to nothing. */
struct event {
	reactor_call *call; /* NULL: there is no event on this descriptor */
	void *arg;
	int64_t told;	 /* when something was told last */
	int ms;		 /* the time-out */
	uint32_t events; /* what it waits for */
};

struct reactor {
	int epfd;
	bool stopped;
	struct event *table; /* by descriptor; moves when it grows */
	int size;
	int64_t next_look; /* for time-outs */
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

/* When FD's time-out has passed. */
static int64_t time_out(const struct reactor *r, int fd)
{
	const struct event *e = &r->table[fd];

	return has_event(r, fd) && e->ms > 0 ? e->told + e->ms : NEVER;
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
	r->table[fd].told = now_ms();
	r->table[fd].ms = ms;
	if (r->next_look > time_out(r, fd))
		r->next_look = time_out(r, fd);
}

void reactor_remove(struct reactor *r, int fd)
{
	if (!has_event(r, fd))
		return;
	epoll_ctl(r->epfd, EPOLL_CTL_DEL, fd, NULL); /* EBADF: close(2) has done it */
	r->table[fd].call = NULL;
	/* What this wait still has to tell about it would else go to the next event on FD. */
	for (int i = 0; i < r->nready; i++)
		if (r->ready[i].data.fd == fd)
			r->ready[i].data.fd = -1;
}

static void call_back(struct reactor *r, int fd, uint32_t events)
{
	struct event *e = &r->table[fd];

	e->told = now_ms();
	e->call(r, fd, events, e->arg); /* which may move the table */
}

/*
 * Calls those whose time-out has passed. An event only stores its times; all of them are looked at
 * here, when the earliest may be due.
 */
static void call_timeouts(struct reactor *r)
{
	int64_t now = now_ms(), next = NEVER;

	r->next_look = NEVER; /* a call-back may bring it forward */
	for (int fd = 0; fd < r->size && !r->stopped; fd++) {
		int64_t end = time_out(r, fd);
		/* Who is ready all the same is not silent: a wait will tell it, if late. */
		if (end <= now &&
		    poll(&(struct pollfd){fd, (short)r->table[fd].events, 0}, 1, 0) <= 0) {
			call_back(r, fd, 0);
			end = time_out(r, fd);
		}
		next = end < next ? end : next;
	}
	if (r->stopped || next < now + TICK_MS)
		next = now + TICK_MS; /* one look for many */
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
		if (r->nready == -1 && errno != EINTR)
			return -1;
		for (int i = 0; i < r->nready && !r->stopped; i++) {
			int fd = r->ready[i].data.fd;
			if (fd == -1 || !has_event(r, fd)) /* a call-back has removed it */
				continue;
			/* Or changed it: an error or a hang-up is told in any case. */
			uint32_t events = r->table[fd].events | EPOLLERR | EPOLLHUP;
			if ((r->ready[i].events & events) != 0)
				call_back(r, fd, r->ready[i].events & events);
		}
		r->nready = 0;
		if (now_ms() >= r->next_look && !r->stopped)
			call_timeouts(r);
	}
	return 0;
}

void reactor_stop(struct reactor *r)
{
	r->stopped = true;
}
