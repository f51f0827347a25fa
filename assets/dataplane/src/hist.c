// SPDX-License-Identifier: Apache-2.0
#include "kb/hist.h"

#include <math.h>

static uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

void kb_hist_merge(struct kb_hist *dst, const struct kb_hist *src)
{
	const uint64_t max = load(&src->max);

	/* The total is summed from the buckets: a live source may be between its two stores. */
	for (uint32_t i = 0; i < KB_HIST_COUNTS; i++) {
		const uint64_t n = load(&src->counts[i]);

		dst->counts[i] += n;
		dst->total += n;
	}
	dst->over += load(&src->over);
	dst->negative += load(&src->negative);
	if (max > dst->max)
		dst->max = max;
}

void kb_hist_diff(struct kb_hist *dst, const struct kb_hist *newer, const struct kb_hist *older)
{
	uint64_t total = 0;
	uint64_t max = 0;

	for (uint32_t i = 0; i < KB_HIST_COUNTS; i++) {
		const uint64_t n = newer->counts[i] - older->counts[i];

		dst->counts[i] = n;
		total += n;
		if (n)
			max = kb_hist_highest(i);
	}
	dst->total = total;
	/* Nothing above the exact maximum was ever recorded. */
	dst->max = max < newer->max ? max : newer->max;
	dst->over = newer->over - older->over;
	dst->negative = newer->negative - older->negative;
}

uint64_t kb_hist_quantile(const struct kb_hist *h, double q)
{
	uint64_t total = 0;
	uint64_t seen = 0;

	for (uint32_t i = 0; i < KB_HIST_COUNTS; i++)
		total += load(&h->counts[i]);
	if (total == 0)
		return 0;

	const double wanted = ceil(q * (double)total);
	const uint64_t rank = wanted < 1 ? 1 : wanted > (double)total ? total : (uint64_t)wanted;
	for (uint32_t i = 0; i < KB_HIST_COUNTS; i++) {
		seen += load(&h->counts[i]);
		if (seen >= rank)
			return kb_hist_highest(i) < h->max ? kb_hist_highest(i) : h->max;
	}
	return h->max;
}
