/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_CLOCK_H
#define KB_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Read through the vDSO: no system call as long as the clock source is the TSC (kb-check looks). */
static inline uint64_t kb_clock_ns(clockid_t clock)
{
	struct timespec ts;
	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* Stamps that another process or host compares: wall clock. */
static inline uint64_t kb_now_ns(void)
{
	return kb_clock_ns(CLOCK_REALTIME);
}

#endif
