// SPDX-License-Identifier: Apache-2.0
#include "explain.h"

/* The oldest that waits, or NULL when none of this kind does. */
static uint64_t *oldest(struct kb_explain *e, enum kb_explain_what what)
{
	return e->n && e->waiting == what ? &e->slice[e->head].count : NULL;
}

static void remove_oldest(struct kb_explain *e)
{
	e->head = (e->head + 1) % KB_EXPLAIN_SLICES;
	e->n--;
}

/* Ends the wait of all whose time is over; returns how many they are. */
static uint64_t expire(struct kb_explain *e, enum kb_explain_what what, uint64_t now_ns,
		       uint64_t wait_ns)
{
	uint64_t expired = 0;

	for (uint64_t *n; (n = oldest(e, what));) {
		if (now_ns - e->slice[e->head].since_ns < wait_ns)
			break;
		expired += *n;
		remove_oldest(e);
	}
	return expired;
}

/* Pairs `n` with what waits, oldest first: it has the least time left. Returns what is over. */
static uint64_t pair(struct kb_explain *e, enum kb_explain_what with, uint64_t n)
{
	for (uint64_t *waiting; n && (waiting = oldest(e, with));) {
		const uint64_t met = n < *waiting ? n : *waiting;

		n -= met;
		*waiting -= met;
		if (*waiting == 0)
			remove_oldest(e);
	}
	return n;
}

/* A slice counts from its latest reading: nobody's wait is cut short, by a slice it is longer. */
static void let_wait(struct kb_explain *e, enum kb_explain_what what, uint64_t n, uint64_t now_ns)
{
	uint32_t last = (e->head + e->n + KB_EXPLAIN_SLICES - 1) % KB_EXPLAIN_SLICES;

	if (n == 0)
		return;
	if (e->n == 0 ||
	    e->slice[last].since_ns / KB_EXPLAIN_SLICE_NS != now_ns / KB_EXPLAIN_SLICE_NS) {
		last = (e->head + e->n++) % KB_EXPLAIN_SLICES;
		e->slice[last].count = 0;
	}
	e->waiting = what;
	e->slice[last].since_ns = now_ns;
	e->slice[last].count += n;
}

/* Some device counters are differences themselves and may step back by a few: no loss twice. */
static uint64_t growth(uint64_t *highest, uint64_t now)
{
	const uint64_t grown = now > *highest ? now - *highest : 0;

	*highest += grown;
	return grown;
}

void kb_explain_read(struct kb_explain *e, uint64_t now_ns, uint64_t gaps, uint64_t lost)
{
	/* Losses first, gaps last: what this reading brings may still explain a gap, however late
	 * the reading is, but a loss that is too old explains none of this reading's. */
	(void)expire(e, KB_EXPLAIN_LOSSES, now_ns, KB_EXPLAIN_LOSS_NS);
	gaps = pair(e, KB_EXPLAIN_LOSSES, growth(&e->gaps, gaps));
	lost = pair(e, KB_EXPLAIN_GAPS, growth(&e->lost, lost));
	const uint64_t met = gaps < lost ? gaps : lost;
	let_wait(e, KB_EXPLAIN_GAPS, gaps - met, now_ns);
	let_wait(e, KB_EXPLAIN_LOSSES, lost - met, now_ns);
	e->unexplained += expire(e, KB_EXPLAIN_GAPS, now_ns, KB_EXPLAIN_GAP_NS);
}

uint64_t kb_explain_undecided(const struct kb_explain *e)
{
	uint64_t sum = 0;

	if (e->waiting == KB_EXPLAIN_GAPS)
		for (uint32_t i = 0; i < e->n; i++)
			sum += e->slice[(e->head + i) % KB_EXPLAIN_SLICES].count;
	return sum;
}

void kb_explain_page(struct kb_explain *e, struct kb_stats *page, uint64_t now_ns)
{
	uint64_t gaps = 0, lost = 0;

	/* Gaps before causes: a loss is counted by its cause first, so a gap never waits only
	 * because it happened between the two readings. */
	for (uint32_t i = 0; i < page->queues; i++)
		gaps += kb_stat_get(&page->queue[i].gaps);
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		if (kb_causes[i].class == KB_CLASS_LOST)
			lost += kb_stats_cause(page, i);
	kb_explain_read(e, now_ns, gaps, lost);
	kb_stat_set(&page->unexplained, e->unexplained);
	kb_stat_set(&page->undecided, kb_explain_undecided(e));
}
