/* The load generator's histogram against values that are known. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/histogram.h"

static struct histogram h;
static bool failed;

/* Whether PERCENT is WANT, or (above 127) at most 1/64 more. */
static void expect(const char *what, double percent, uint64_t want)
{
	uint64_t seen = histogram_percentile(&h, percent);

	if (seen >= want && seen - want <= (want < 128 ? 0 : want / 64)) {
		printf("ok %s\n", what);
		return;
	}
	printf("FAIL %s: expected %llu, saw %llu\n", what, (unsigned long long)want,
	       (unsigned long long)seen);
	failed = true;
}

static void fill(uint64_t from, uint64_t to)
{
	memset(&h, 0, sizeof(h));
	for (uint64_t i = from; i <= to; i++)
		histogram_add(&h, i);
}

int main(void)
{
	expect("none", 50, 0);
	fill(7, 7);
	expect("one value, its p0", 0, 7);
	expect("one value, its p99", 99, 7);
	fill(1, 100);
	expect("1 to 100, p50", 50, 50);
	expect("1 to 100, p99", 99, 99);
	expect("1 to 100, p100", 100, 100);
	fill(1, 1000000);
	expect("1 to a million, p50", 50, 500000);
	expect("1 to a million, p99", 99, 990000);
	expect("1 to a million, p100", 100, 1000000);
	if (h.count != 1000000 || h.max != 1000000) {
		printf("FAIL count and max: saw %llu and %llu\n", (unsigned long long)h.count,
		       (unsigned long long)h.max);
		failed = true;
	}
	/* The edges between the buckets' sizes, up to the last bucket. */
	for (int bit = 0; bit < 64; bit++) {
		for (int less = 0; less < 2; less++) {
			uint64_t value = (UINT64_C(1) << bit) - (uint64_t)less;

			fill(1, 0);
			histogram_add(&h, value);
			histogram_add(&h, UINT64_MAX);
			expect("an edge", 50, value);
			expect("the greatest value", 100, UINT64_MAX);
		}
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
