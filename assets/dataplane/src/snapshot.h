/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_SNAPSHOT_H
#define KB_SNAPSHOT_H

#include "kb/stats.h"

/* A stats page summed over its queues at one moment. About 100 KB: not for the stack. */
struct kb_snapshot {
	uint64_t start_ns;
	uint64_t heartbeat_ns;
	uint64_t received;
	uint64_t bytes;
	uint64_t bursts;
	uint64_t polls;
	uint64_t sent;
	uint64_t unsent;
	uint64_t gaps;
	uint64_t unexplained;
	uint64_t undecided; /* a difference has the newer one's */
	uint64_t cause[KB_CAUSES];
	uint64_t handler[KB_HANDLER_COUNTERS];
	uint64_t allowance[KB_ALLOWANCES];
	struct kb_hist receive;
	struct kb_hist oneway;
	struct kb_hist own;
};

void kb_snapshot_take(struct kb_snapshot *out, const struct kb_stats *stats);

/* out = newer - older, counter by counter and never below 0; all of newer when another receiver
 * wrote it. */
void kb_snapshot_diff(struct kb_snapshot *out, const struct kb_snapshot *newer,
		      const struct kb_snapshot *older);

/* Sum of the causes of one class. */
uint64_t kb_snapshot_class(const struct kb_snapshot *s, enum kb_cause_class class);

#endif
