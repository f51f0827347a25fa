/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_GEN_ARRIVALS_H
#define KB_GEN_ARRIVALS_H

#include <math.h>
#include <stdint.h>

/*
 * When each message is due, in nanoseconds after the first. An arrival process knows nothing of the
 * sender: a message that is sent late does not move the ones behind it.
 */
enum kb_arrivals_kind { KB_ARRIVALS_CONSTANT, KB_ARRIVALS_POISSON, KB_ARRIVALS_BURST };

struct kb_arrivals {
	enum kb_arrivals_kind kind;
	uint64_t rate;	/* messages per second */
	uint64_t burst; /* messages that are due together */
	uint64_t n;	/* messages so far */
	uint64_t random;
	double at_ns; /* Poisson: when the last one was due */
};

static inline void kb_arrivals_init(struct kb_arrivals *a, enum kb_arrivals_kind kind,
				    uint64_t rate, uint64_t burst, uint64_t seed)
{
	*a = (struct kb_arrivals){.kind = kind, .rate = rate, .burst = burst, .random = seed};
}

/* SplitMix64: any seed is a good one, 0 too. */
static inline uint64_t kb_arrivals_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* n / rate seconds without drift and, below 2^64 messages, without overflow. */
static inline uint64_t kb_arrivals_ns(uint64_t n, uint64_t rate)
{
	return n / rate * 1000000000ull + n % rate * 1000000000ull / rate;
}

/* When the next message is due. */
static inline uint64_t kb_arrivals_next(struct kb_arrivals *a)
{
	const uint64_t n = a->n++;
	switch (a->kind) {
	case KB_ARRIVALS_POISSON:
		if (n) {
			/* 53 random bits in (0, 1]: the logarithm of 0 must not happen. */
			const double u =
				(double)((kb_arrivals_random(&a->random) >> 11) + 1) * 0x1p-53;
			a->at_ns -= log(u) * 1e9 / (double)a->rate;
		}
		return (uint64_t)a->at_ns;
	case KB_ARRIVALS_BURST:
		return kb_arrivals_ns(n - n % a->burst, a->rate);
	default:
		return kb_arrivals_ns(n, a->rate);
	}
}

#endif
