// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>

#include "snapshot.h"

static void print_latency(FILE *to, const char *what, const struct kb_hist *h)
{
	const double us = 1e-3;

	if (h->total == 0)
		return;
	fprintf(to,
		"  %-10s p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f us  (%" PRIu64 ")\n",
		what, (double)kb_hist_quantile(h, 0.5) * us, (double)kb_hist_quantile(h, 0.9) * us,
		(double)kb_hist_quantile(h, 0.99) * us, (double)kb_hist_quantile(h, 0.999) * us,
		(double)h->max * us, h->total);
	if (h->negative)
		fprintf(to, "  %-10s %" PRIu64 " stamps from the future: the clocks disagree\n",
			what, h->negative);
}

static void print_causes(FILE *to, const struct kb_snapshot *s, enum kb_cause_class class,
			 const char *title)
{
	fprintf(to, "%-10s %" PRIu64 "\n", title, kb_snapshot_class(s, class));
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		if (kb_causes[i].class == class && s->cause[i])
			fprintf(to, "  %-20s %" PRIu64 "  %s\n", kb_causes[i].name, s->cause[i],
				kb_causes[i].meaning);
}

/* Nobody waits any longer for a cause of the last gaps: said, because there may have been one. */
static void print_gaps(FILE *to, const struct kb_snapshot *s)
{
	fprintf(to, "%-10s %" PRIu64 ", unexplained %" PRIu64 "\n", "gaps", s->gaps,
		s->unexplained + s->undecided);
	if (s->undecided)
		fprintf(to,
			"  %-20s %" PRIu64 "  too recent: their losses may not be counted yet\n",
			"undecided", s->undecided);
}

static void print_snapshot(FILE *to, const struct kb_stats *stats, const struct kb_snapshot *s)
{
	fprintf(to, "%s on %s (%s%s%s%s%s)\n", stats->plane, stats->iface, stats->driver,
		stats->xdp[0] ? ", " : "", stats->xdp, stats->copy[0] ? ", " : "", stats->copy);
	fprintf(to, "%-10s %" PRIu64 " datagrams, %" PRIu64 " bytes, %.1f per burst\n", "received",
		s->received, s->bytes, s->bursts ? (double)s->received / (double)s->bursts : 0.0);
	if (s->unsent)
		fprintf(to, "%-10s %" PRIu64 " datagrams\n", "not sent", s->unsent);
	if (s->sent)
		fprintf(to, "%-10s %" PRIu64 " datagrams\n", "sent", s->sent);
	print_causes(to, s, KB_CLASS_LOST, "lost");
	print_causes(to, s, KB_CLASS_IGNORED, "ignored");
	print_gaps(to, s);
	fprintf(to, "%-10s %s\n", "handler", stats->handler);
	for (uint32_t i = 0; i < KB_HANDLER_COUNTERS && stats->handler_counters[i][0]; i++)
		fprintf(to, "  %-20s %" PRIu64 "\n", stats->handler_counters[i], s->handler[i]);
	fprintf(to, "latency\n");
	print_latency(to, "receive", &s->receive);
	print_latency(to, "one-way", &s->oneway);
	print_latency(to, "handler", &s->own);
}

void kb_report(FILE *to, const struct kb_stats *stats)
{
	struct kb_snapshot *const s = malloc(sizeof(*s));

	if (!s)
		return;
	kb_snapshot_take(s, stats);
	print_snapshot(to, stats, s);
	free(s);
}
