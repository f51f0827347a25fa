/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_HIST_H
#define KB_HIST_H

#include <stdint.h>

/*
 * Log-linear histogram in HdrHistogram's bucket layout: lowest value 1, two significant digits,
 * so any recorded value is known to better than 1 % and histograms merge by adding counts.
 * Two digits (128 linear steps an octave) keep a queue's histogram at 31 KiB, inside L2.
 */
#define KB_HIST_SUB_BITS  8 /* sub-bucket count 256 = 2 significant digits */
#define KB_HIST_SUB_HALF  (1u << (KB_HIST_SUB_BITS - 1))
#define KB_HIST_MAX_BITS  36 /* 2^36 ns = 68.7 s; anything above is counted as that much */
#define KB_HIST_MAX_VALUE ((1ull << KB_HIST_MAX_BITS) - 1)
#define KB_HIST_COUNTS	  ((KB_HIST_MAX_BITS - KB_HIST_SUB_BITS + 2) * KB_HIST_SUB_HALF)

struct kb_hist {
	uint64_t total;	   /* recorded values, `negative` not among them */
	uint64_t over;	   /* of these, how many were really above KB_HIST_MAX_VALUE */
	uint64_t negative; /* stamps from the future: the clocks disagree */
	uint64_t max;	   /* exact largest recorded value, while nothing was over */
	uint64_t counts[KB_HIST_COUNTS];
};

static inline uint32_t kb_hist_index(uint64_t value)
{
	/* The OR makes the first 256 values one linear bucket and keeps clz defined at 0. */
	const uint32_t bucket = 64 - KB_HIST_SUB_BITS -
				(uint32_t)__builtin_clzll(value | ((1u << KB_HIST_SUB_BITS) - 1));
	return (bucket << (KB_HIST_SUB_BITS - 1)) + (uint32_t)(value >> bucket);
}

/* Smallest value that shares index's bucket. */
static inline uint64_t kb_hist_lowest(uint32_t index)
{
	if (index < 2 * KB_HIST_SUB_HALF)
		return index;
	const uint32_t bucket = index / KB_HIST_SUB_HALF - 1;
	return (uint64_t)(index - bucket * KB_HIST_SUB_HALF) << bucket;
}

/* Largest value that shares index's bucket: what percentiles report, as HdrHistogram does. */
static inline uint64_t kb_hist_highest(uint32_t index)
{
	const uint32_t bucket = index < 2 * KB_HIST_SUB_HALF ? 0 : index / KB_HIST_SUB_HALF - 1;
	return kb_hist_lowest(index) + (1ull << bucket) - 1;
}

/* One writer; readers see each counter whole, though not all of them at one instant. */
static inline void kb_hist_record_n(struct kb_hist *h, int64_t value, uint64_t n)
{
	if (__builtin_expect(value < 0, 0)) {
		__atomic_store_n(&h->negative, h->negative + n, __ATOMIC_RELAXED);
		return;
	}
	if (__builtin_expect((uint64_t)value > KB_HIST_MAX_VALUE, 0)) {
		/* Counted all the same: a percentile without the worst values would be none. */
		__atomic_store_n(&h->over, h->over + n, __ATOMIC_RELAXED);
		value = KB_HIST_MAX_VALUE;
	}
	uint64_t *const c = &h->counts[kb_hist_index((uint64_t)value)];
	__atomic_store_n(c, *c + n, __ATOMIC_RELAXED);
	__atomic_store_n(&h->total, h->total + n, __ATOMIC_RELAXED);
	if ((uint64_t)value > h->max)
		__atomic_store_n(&h->max, (uint64_t)value, __ATOMIC_RELAXED);
}

static inline void kb_hist_record(struct kb_hist *h, int64_t value)
{
	kb_hist_record_n(h, value, 1);
}

/*
 * Values that come one after another and share a bucket, to be stored at once: the datagrams of a
 * burst are nearly of an age. Starts as {.hist = h}; a run that is not ended is not recorded.
 */
struct kb_hist_run {
	struct kb_hist *hist;
	uint64_t lowest; /* of the bucket that n values are in */
	uint64_t width;	 /* of that bucket */
	uint64_t max;	 /* the largest of the n values */
	uint64_t n;
};

static inline void kb_hist_run_end(struct kb_hist_run *r)
{
	if (r->n)
		kb_hist_record_n(r->hist, (int64_t)r->max, r->n);
	r->n = 0;
	r->width = 0;
}

static inline void kb_hist_run_add(struct kb_hist_run *r, int64_t value)
{
	const uint64_t v = (uint64_t)value;

	if (__builtin_expect(v - r->lowest >= r->width, 0)) {
		kb_hist_run_end(r);
		r->max = v;
		r->lowest = v;
		r->width = 1; /* what has no bucket: negative, or too large */
		if (v <= KB_HIST_MAX_VALUE) {
			const uint32_t index = kb_hist_index(v);
			r->lowest = kb_hist_lowest(index);
			r->width = kb_hist_highest(index) - r->lowest + 1;
		}
	}
	r->max = v > r->max ? v : r->max;
	r->n++;
}

/* dst += src. */
void kb_hist_merge(struct kb_hist *dst, const struct kb_hist *src);

/* dst = newer - older: the interval between two snapshots of the same histogram (max is newer's
 * highest non-empty bucket of the interval). */
void kb_hist_diff(struct kb_hist *dst, const struct kb_hist *newer, const struct kb_hist *older);

/* Value at quantile q in [0, 1], 0 when empty. The rank is ceil(q * total), at least 1. */
uint64_t kb_hist_quantile(const struct kb_hist *h, double q);

#endif
