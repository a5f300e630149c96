/* How long to wait for an answer before a datagram is sent again, from the times that others took.
 */
#ifndef UDP_RTO_H
#define UDP_RTO_H

/* All in milliseconds. SRTT and RTTVAR are as in RFC 6298, 0 before the first answer. */
struct rto {
	double wait; /* the retransmission time-out */
	double most;
	double srtt, rttvar;
};

/* Before the first answer the time-out is MOST; it never becomes longer. */
void rto_start(struct rto *r, double most);

/* An answer took MS: from exactly the datagram that it answers, or the mean is wrong. */
void rto_measured(struct rto *r, double ms);

/* No answer came in time: the network may be busy, so wait twice as long. */
void rto_back_off(struct rto *r);

/* Returns the milliseconds of a clock that nobody can set. clock_gettime(2), CLOCK_MONOTONIC. */
double precise_ms(void);

#endif
