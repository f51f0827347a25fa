/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_EXPLAIN_H
#define KB_EXPLAIN_H

#include <stdint.h>

#include "kb/stats.h"

/*
 * Which gaps no loss accounts for. A lost packet is counted twice: as a gap by its sequence number,
 * and under its cause by whoever dropped it. Neither is first: a device's counters are read behind
 * the loss, a gap is seen only when a later message arrives. So a gap waits for a loss, and a loss
 * for a gap, each for a time of its own; a gap whose time is over is unexplained, once and for all.
 */

/*
 * A gap waits three seconds for its cause. The slowest counters are ENA's: they come with the
 * device's keep-alive event (1 s), are fetched by a poll of its control path (up to 1 s) and read
 * by our housekeeping (100 ms); the rest is for a housekeeping core that is busy.
 */
#define KB_EXPLAIN_GAP_NS 3000000000ull

/*
 * A loss waits ten seconds for its gap: at the end of a burst nothing shows it before the next
 * message or heartbeat, which an idle feed sends every second or, some, every few. After that it
 * was none of the sequence's (the other line had the message, or it carried no number), and must
 * not hide a later gap.
 */
#define KB_EXPLAIN_LOSS_NS 10000000000ull

/* What is read within an eighth of a second waits as one, so that the memory has a bound. */
#define KB_EXPLAIN_SLICE_NS 125000000ull
#define KB_EXPLAIN_SLICES   (KB_EXPLAIN_LOSS_NS / KB_EXPLAIN_SLICE_NS + 2)

enum kb_explain_what { KB_EXPLAIN_GAPS, KB_EXPLAIN_LOSSES };

struct kb_explain {
	uint64_t unexplained; /* only grows */
	uint64_t gaps;	      /* the highest readings so far */
	uint64_t lost;
	/* Who waits, oldest first. Only ever one of the two: they would have met. */
	enum kb_explain_what waiting;
	uint32_t head, n;
	struct {
		uint64_t since_ns;
		uint64_t count;
	} slice[KB_EXPLAIN_SLICES];
};

/* A reading at now_ns (CLOCK_MONOTONIC): all gaps and all losses that have been counted so far. */
void kb_explain_read(struct kb_explain *e, uint64_t now_ns, uint64_t gaps, uint64_t lost);

/* Gaps that still wait. */
uint64_t kb_explain_undecided(const struct kb_explain *e);

/* Reads the page's gaps and losses, and writes to it what is unexplained and what is undecided. */
void kb_explain_page(struct kb_explain *e, struct kb_stats *page, uint64_t now_ns);

#endif
