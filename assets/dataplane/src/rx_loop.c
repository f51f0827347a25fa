// SPDX-License-Identifier: Apache-2.0
/*
 * The hot loop and nothing else. It allocates nothing, logs nothing and makes no system call; the
 * clock is read once after each burst's handler, by the back-end once before it, and once in
 * idle_polls polls that bring nothing.
 */
#include "rx_loop.h"

#include "kb/clock.h"
#include "kb/fast_clock.h"
#include "kb/tap.h"

#define TICK_NS	 1000000ull   /* kb_handler_tick: about every millisecond */
#define DRAIN_NS 100000000ull /* a feed that never pauses must not keep a stop waiting */

static void record(struct kb_hist *hist, const struct kb_pkt *v, uint32_t n, uint64_t done)
{
	struct kb_hist_run run = {.hist = hist};

	for (uint32_t i = 0; i < n; i++)
		kb_hist_run_add(&run, (int64_t)(done - v[i].rx_ns));
	kb_hist_run_end(&run);
}

/* Now; where the clock has learned in between that it was a little fast, when the burst was polled.
 */
static uint64_t end_of(const struct kb_burst *b)
{
	const uint64_t now = kb_fast_now_ns();

	return b->polled_ns - now < KB_FAST_CLOCK_ERROR_NS ? b->polled_ns : now;
}

/* One non-empty burst; returns the time after it. */
static uint64_t deliver(const struct kb_rx_loop *l, const struct kb_burst *b, uint32_t n)
{
	struct kb_pkt *const v = l->burst;
	/* What the handler refuses was not delivered: it is lost, under the cause `handler`. */
	const uint64_t refused_before = l->stats->cause[KB_CAUSE_HANDLER];
	kb_handler_on_burst(l->handler, v, n, b->polled_ns);
	const uint64_t refused = l->stats->cause[KB_CAUSE_HANDLER] - refused_before;
	const uint64_t done = end_of(b);
	if (kb_tap_wanted(v->queue))
		kb_tap_burst(v, n, done, l->stats->gaps);
	kb_rx_release(l->queue, v, n);

	if (b->stamped)
		record(&l->stats->receive, v, n, done);
	else
		kb_hist_record_n(&l->stats->receive, (int64_t)(done - b->polled_ns), n);
	kb_stat_add(&l->stats->received, n - refused);
	kb_stat_add(&l->stats->bytes, b->bytes);
	kb_stat_add(&l->stats->bursts, 1);
	return done;
}

static uint64_t tick(const struct kb_rx_loop *l, uint64_t now, uint64_t last)
{
	/* A wall clock stepped back must not silence the tick until it has caught up. */
	if (now - last < TICK_NS && now >= last)
		return last;
	kb_handler_tick(l->handler, now);
	return now;
}

static void drain(const struct kb_rx_loop *l)
{
	const uint64_t until = kb_now_ns() + DRAIN_NS;
	struct kb_burst b;
	uint32_t n;

	while ((n = kb_rx_burst(l->queue, l->burst, l->burst_max, &b)) > 0)
		if (deliver(l, &b, n) > until)
			break;
	kb_handler_tick(l->handler, kb_now_ns());
}

void kb_rx_loop(const struct kb_rx_loop *l)
{
	uint64_t last_tick = kb_now_ns();
	uint64_t polls = 0;
	uint32_t idle = 0;

	while (!atomic_load_explicit(l->stop, memory_order_relaxed)) {
		struct kb_burst b;
		const uint32_t n = kb_rx_burst(l->queue, l->burst, l->burst_max, &b);

		polls++;
		if (n > 0) {
			idle = 0;
			last_tick = tick(l, deliver(l, &b, n), last_tick);
		} else if (++idle >= l->idle_polls) {
			idle = 0;
			last_tick = tick(l, kb_now_ns(), last_tick);
		} else {
			continue;
		}
		kb_stat_set(&l->stats->polls, polls);
	}
	drain(l);
}
