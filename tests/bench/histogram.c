#include "tests/bench/histogram.h"

/* The bits above the highest seven are what a bucket does not tell apart. */
static unsigned bucket(uint64_t value)
{
	unsigned shift = 0;

	while (value >> shift >= 128)
		shift++;
	return shift * 64 + (unsigned)(value >> shift);
}

static uint64_t highest(unsigned i)
{
	unsigned shift = i < 128 ? 0 : i / 64 - 1;

	return ((uint64_t)(i - shift * 64) << shift) + ((UINT64_C(1) << shift) - 1);
}

void histogram_add(struct histogram *h, uint64_t value)
{
	h->buckets[bucket(value)]++;
	h->count++;
	if (value > h->max)
		h->max = value;
}

uint64_t histogram_percentile(const struct histogram *h, double percent)
{
	double want = (double)h->count * percent / 100;
	uint64_t seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen > 0 && (double)seen >= want)
			return highest(i) < h->max ? highest(i) : h->max;
	}
	return h->max;
}
