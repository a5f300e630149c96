/* How often which value came, so that percentiles can be told without keeping every value. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

/*
 * Values below 128 have a bucket each; above, every power of two is cut into 64 buckets, so that
 * what is read from it lies at most 1/64 (1.6 %) above the true value, from 1 to 2^64 - 1.
 */
#define HISTOGRAM_BUCKETS 3776

struct histogram {
	uint64_t count, max;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t value);

/*
 * The value that PERCENT (0 to 100) of the values do not exceed: the highest of its bucket, at
 * most the greatest value that was added. 0 when there is none.
 */
uint64_t histogram_percentile(const struct histogram *h, double percent);

#endif
