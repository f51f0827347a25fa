// SPDX-License-Identifier: Apache-2.0
#include "snapshot.h"

#include <string.h>

static void add_queue(struct kb_snapshot *out, const struct kb_queue_stats *q)
{
	out->received += kb_stat_get(&q->received);
	out->bytes += kb_stat_get(&q->bytes);
	out->bursts += kb_stat_get(&q->bursts);
	out->polls += kb_stat_get(&q->polls);
	out->sent += kb_stat_get(&q->sent);
	for (uint32_t i = 0; i < KB_HANDLER_COUNTERS; i++)
		out->handler[i] += kb_stat_get(&q->handler[i]);
	kb_hist_merge(&out->receive, &q->receive);
	kb_hist_merge(&out->oneway, &q->oneway);
	kb_hist_merge(&out->own, &q->own);
}

void kb_snapshot_take(struct kb_snapshot *out, const struct kb_stats *stats)
{
	memset(out, 0, sizeof(*out));
	out->start_ns = stats->start_ns;
	out->heartbeat_ns = kb_stat_get(&stats->heartbeat_ns);
	/* Gaps before causes: a loss is counted by its cause first, so it never looks unexplained
	 * only because it happened between the two readings. */
	for (uint32_t i = 0; i < stats->queues; i++)
		out->gaps += kb_stat_get(&stats->queue[i].gaps);
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		out->cause[i] = kb_stats_cause(stats, i);
	for (uint32_t i = 0; i < KB_ALLOWANCES; i++)
		out->allowance[i] = kb_stat_get(&stats->allowance[i]);
	for (uint32_t i = 0; i < stats->queues; i++)
		add_queue(out, &stats->queue[i]);
}

uint64_t kb_snapshot_class(const struct kb_snapshot *s, enum kb_cause_class class)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < KB_CAUSES; i++)
		if (kb_causes[i].class == class)
			sum += s->cause[i];
	return sum;
}

uint64_t kb_snapshot_unexplained(const struct kb_snapshot *s)
{
	const uint64_t lost = kb_snapshot_class(s, KB_CLASS_LOST);

	return s->gaps > lost ? s->gaps - lost : 0;
}
