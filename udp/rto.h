/* How long to wait before a datagram is sent again, from the times of earlier answers. */
#ifndef UDP_RTO_H
#define UDP_RTO_H

/* All in milliseconds. SRTT and RTTVAR are as in RFC 6298, 0 before the first answer. */
struct rto {
	double wait; /* the retransmission time-out */
	double most; /* the longest time-out, -t */
	double srtt, rttvar;
};

/* Before the first answer the time-out is MOST; it never becomes longer. */
void rto_start(struct rto *r, double most);

/* An answer took MS. Measure from the send that it answers, or the mean is wrong. */
void rto_measured(struct rto *r, double ms);

/* No answer came in time: the network may be busy, so wait twice as long, at most MOST. */
void rto_back_off(struct rto *r);

/* Returns the milliseconds of a clock that nobody can set. clock_gettime(2), CLOCK_MONOTONIC. */
double precise_ms(void);

#endif
