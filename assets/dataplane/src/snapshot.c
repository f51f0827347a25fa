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
	out->unsent += kb_stat_get(&q->unsent);
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
	out->unexplained = kb_stat_get(&stats->unexplained);
	out->undecided = kb_stat_get(&stats->undecided);
	for (uint32_t i = 0; i < stats->queues; i++)
		out->gaps += kb_stat_get(&stats->queue[i].gaps);
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		out->cause[i] = kb_stats_cause(stats, i);
	for (uint32_t i = 0; i < KB_ALLOWANCES; i++)
		out->allowance[i] = kb_stat_get(&stats->allowance[i]);
	for (uint32_t i = 0; i < stats->queues; i++)
		add_queue(out, &stats->queue[i]);
}

/* Some device counters are differences themselves and may step back by a few. */
static uint64_t growth(uint64_t newer, uint64_t older)
{
	return newer > older ? newer - older : 0;
}

static void diff_array(uint64_t *out, const uint64_t *newer, const uint64_t *older, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = growth(newer[i], older[i]);
}

void kb_snapshot_diff(struct kb_snapshot *out, const struct kb_snapshot *newer,
		      const struct kb_snapshot *older)
{
	*out = *newer;
	if (newer->start_ns != older->start_ns)
		return;
	out->received = growth(newer->received, older->received);
	out->bytes = growth(newer->bytes, older->bytes);
	out->bursts = growth(newer->bursts, older->bursts);
	out->polls = growth(newer->polls, older->polls);
	out->sent = growth(newer->sent, older->sent);
	out->unsent = growth(newer->unsent, older->unsent);
	out->gaps = growth(newer->gaps, older->gaps);
	out->unexplained = growth(newer->unexplained, older->unexplained);
	diff_array(out->cause, newer->cause, older->cause, KB_CAUSES);
	diff_array(out->handler, newer->handler, older->handler, KB_HANDLER_COUNTERS);
	diff_array(out->allowance, newer->allowance, older->allowance, KB_ALLOWANCES);
	kb_hist_diff(&out->receive, &newer->receive, &older->receive);
	kb_hist_diff(&out->oneway, &newer->oneway, &older->oneway);
	kb_hist_diff(&out->own, &newer->own, &older->own);
}

uint64_t kb_snapshot_class(const struct kb_snapshot *s, enum kb_cause_class class)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < KB_CAUSES; i++)
		if (kb_causes[i].class == class)
			sum += s->cause[i];
	return sum;
}
