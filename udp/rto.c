/*
 * TCP's time-out, RFC 6298: the mean of the round trips, and four times their usual distance from
 * it, both with more weight on the newer ones. A time-out that is too short sends again what would
 * have been answered; one that is too long waits for what has been lost.
 *
 * The RFC waits a second at least. That is far more than a round trip in one machine, and a
 * thousand lines, a third of which are sent again, would take minutes; here it is 10 ms.
 */
#include "udp/rto.h"

#include <time.h>

#define LEAST_MS 10

static void set_wait(struct rto *r, double ms)
{
	r->wait = ms > r->most ? r->most : ms < LEAST_MS ? LEAST_MS : ms;
}

void rto_start(struct rto *r, double most)
{
	*r = (struct rto){.wait = most, .most = most};
}

void rto_measured(struct rto *r, double ms)
{
	double distance = ms > r->srtt ? ms - r->srtt : r->srtt - ms;

	if (r->srtt == 0) { /* the first one */
		r->srtt = ms;
		r->rttvar = ms / 2;
	} else {
		r->rttvar += (distance - r->rttvar) / 4;
		r->srtt += (ms - r->srtt) / 8;
	}
	set_wait(r, r->srtt + 4 * r->rttvar);
}

void rto_back_off(struct rto *r)
{
	set_wait(r, 2 * r->wait);
}

double precise_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}
