/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_FAST_CLOCK_H
#define KB_FAST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "kb/clock.h"

/*
 * CLOCK_REALTIME for the hot loop. clock_gettime() waits until all instructions before it are done,
 * so that two readings of a burst cost as much as half of its handler; the CPU's time stamp counter
 * is read in passing. Each thread learns from the system's clock about every millisecond what the
 * counter stands for, and follows the clock when it is slewed or set. In between it is tens of
 * nanoseconds off, at most KB_FAST_CLOCK_ERROR_NS while the clock is slewed at its fastest, and so
 * much may a reading be less than the one before it.
 */
#define KB_FAST_CLOCK_ERROR_NS 1000u

struct kb_fast_clock {
	uint64_t ticks; /* the counter when it was ... */
	uint64_t ns;	/* ... this late */
	uint64_t scale; /* nanoseconds in 2^32 ticks; 0 = not learned yet */
	uint64_t span;	/* ticks that this holds for; 0 = ask the system */
};

/* Whether the system itself takes its time from the counter; without that nothing is learned. Call
 * it before other threads read the clock: it looks into /sys. `sys` is "/sys" but in a test. */
void kb_fast_clock_init(const char *sys);

/* Learns that at `ticks` it was `ns`. */
void kb_fast_clock_learn(struct kb_fast_clock *c, uint64_t ticks, uint64_t ns);

/* The time, and what is learned by asking for it. */
uint64_t kb_fast_clock_ask(struct kb_fast_clock *c);

extern _Thread_local struct kb_fast_clock kb_fast_clock;

static inline uint64_t kb_fast_clock_at(const struct kb_fast_clock *c, uint64_t ticks)
{
	return c->ns + ((ticks - c->ticks) * c->scale >> 32);
}

static inline uint64_t kb_fast_now_ns(void)
{
#ifdef __x86_64__
	struct kb_fast_clock *const c = &kb_fast_clock;
	const uint64_t ticks = __builtin_ia32_rdtsc();

	if (__builtin_expect(ticks - c->ticks < c->span, 1))
		return kb_fast_clock_at(c, ticks);
	return kb_fast_clock_ask(c);
#else
	return kb_now_ns(); /* reading the clock of an Arm core is cheap as it is */
#endif
}

#endif
