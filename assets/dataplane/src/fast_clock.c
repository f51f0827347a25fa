// SPDX-License-Identifier: Apache-2.0
#include "kb/fast_clock.h"

#include <stdio.h>
#include <string.h>

/* About a millisecond of the 2 to 4 GHz that counters have: a slewed clock (500 ppm at most) is
 * then half a microsecond off at worst, a steady one some nanoseconds. */
#define SPAN (1ull << 21)

/* Shorter, the error of the two readings would show in the scale. */
#define SHORTEST (SPAN / 2)

/* Longer, the products below could overflow; the thread slept, and what it knew still holds. */
#define LONGEST_NS (1ull << 31)

/* Ticks that reading the clock may take (it takes some 120): more, and something came between. */
#define PROMPT 512u

/* One part in 2^9, 0.2 %: a clock is slewed by less, so it was set, or the counter has leapt. */
#define SET_SHIFT 9

_Thread_local struct kb_fast_clock kb_fast_clock;

static bool trusted;

void kb_fast_clock_init(const char *sys)
{
	char path[256];
	char source[32] = "";

	snprintf(path, sizeof(path),
		 "%s/devices/system/clocksource/clocksource0/current_clocksource", sys);
	FILE *const f = fopen(path, "re");
	if (f) {
		if (!fgets(source, sizeof(source), f))
			source[0] = '\0';
		fclose(f);
	}
	trusted = strcmp(source, "tsc\n") == 0;
}

static bool steady(uint64_t before, uint64_t now)
{
	const uint64_t apart = before > now ? before - now : now - before;

	return apart <= before >> SET_SHIFT;
}

void kb_fast_clock_learn(struct kb_fast_clock *c, uint64_t ticks, uint64_t ns)
{
	const uint64_t elapsed = ticks - c->ticks;
	const uint64_t elapsed_ns = ns - c->ns;
	const bool known = c->ticks != 0 && (int64_t)elapsed > 0 && (int64_t)elapsed_ns > 0;

	if (known && elapsed < SHORTEST)
		return; /* too soon to tell */
	if (!known) {
		c->scale = 0;
	} else if (elapsed_ns < LONGEST_NS) {
		const uint64_t scale = (elapsed_ns << 32) / elapsed;

		c->scale = c->scale == 0 || steady(c->scale, scale) ? scale : 0;
	}
	c->ticks = ticks;
	c->ns = ns;
	c->span = c->scale ? SPAN : 0;
}

uint64_t kb_fast_clock_ask(struct kb_fast_clock *c)
{
#ifdef __x86_64__
	if (trusted) {
		const uint64_t before = __builtin_ia32_rdtsc();
		const uint64_t ns = kb_now_ns();
		const uint64_t took = __builtin_ia32_rdtsc() - before;

		if (took <= PROMPT)
			kb_fast_clock_learn(c, before + took / 2, ns);
		return ns;
	}
#endif
	(void)c;
	return kb_now_ns();
}
