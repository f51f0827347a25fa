// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <inttypes.h>
#include <stdlib.h>

#include "snapshot.h"

/* Members in the order they are written; `first` tells whether a comma is due. */
struct json {
	FILE *to;
	bool first;
};

static void put_string(FILE *to, const char *s)
{
	fputc('"', to);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(to, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(to, "\\u%04x", *s);
		else
			fputc(*s, to);
	}
	fputc('"', to);
}

/* NULL key: an element of an array. */
static void begin(struct json *j, const char *key)
{
	if (!j->first)
		fputc(',', j->to);
	j->first = false;
	if (key) {
		put_string(j->to, key);
		fputc(':', j->to);
	}
}

static void open_scope(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	fputc(bracket, j->to);
	j->first = true;
}

static void close_scope(struct json *j, char bracket)
{
	fputc(bracket, j->to);
	j->first = false;
}

static void number(struct json *j, const char *key, uint64_t n)
{
	begin(j, key);
	fprintf(j->to, "%" PRIu64, n);
}

static void string(struct json *j, const char *key, const char *s)
{
	begin(j, key);
	put_string(j->to, s);
}

static void latency(struct json *j, const char *key, const struct kb_hist *h)
{
	open_scope(j, key, '{');
	number(j, "count", h->total);
	number(j, "p50", kb_hist_quantile(h, 0.5));
	number(j, "p90", kb_hist_quantile(h, 0.9));
	number(j, "p99", kb_hist_quantile(h, 0.99));
	number(j, "p999", kb_hist_quantile(h, 0.999));
	number(j, "max", h->max);
	number(j, "over", h->over);
	number(j, "negative", h->negative);
	close_scope(j, '}');
}

static void latencies(struct json *j, const struct kb_hist *receive, const struct kb_hist *oneway,
		      const struct kb_hist *own)
{
	open_scope(j, "latencyNs", '{');
	latency(j, "receive", receive);
	latency(j, "oneway", oneway);
	latency(j, "handler", own);
	close_scope(j, '}');
}

static void buckets(struct json *j, const char *key, const struct kb_hist *h)
{
	open_scope(j, key, '[');
	for (uint32_t i = 0; i < KB_HIST_COUNTS; i++) {
		if (h->counts[i] == 0)
			continue;
		open_scope(j, NULL, '[');
		number(j, NULL, kb_hist_lowest(i));
		number(j, NULL, kb_hist_highest(i));
		number(j, NULL, h->counts[i]);
		close_scope(j, ']');
	}
	close_scope(j, ']');
}

static void causes(struct json *j, const char *key, const uint64_t *cause,
		   enum kb_cause_class class, bool zeros)
{
	open_scope(j, key, '{');
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		if (kb_causes[i].class == class && (zeros || cause[i]))
			number(j, kb_causes[i].name, cause[i]);
	close_scope(j, '}');
}

static void identity(struct json *j, const struct kb_stats *stats)
{
	string(j, "plane", stats->plane);
	string(j, "handlerName", stats->handler);
	number(j, "pid", stats->pid);
	number(j, "startNs", stats->start_ns);
	number(j, "heartbeatNs", kb_stat_get(&stats->heartbeat_ns));
	begin(j, "ready");
	fputs(stats->ready ? "true" : "false", j->to);
	number(j, "queues", stats->queues);
	open_scope(j, "mode", '{');
	string(j, "driver", stats->driver);
	string(j, "xdp", stats->xdp);
	string(j, "copy", stats->copy);
	string(j, "detail", stats->detail);
	string(j, "iface", stats->iface);
	string(j, "seccomp", stats->seccomp);
	close_scope(j, '}');
}

static void totals(struct json *j, const struct kb_stats *stats, const struct kb_snapshot *s)
{
	number(j, "received", s->received);
	number(j, "bytes", s->bytes);
	number(j, "sent", s->sent);
	number(j, "unsent", s->unsent);
	number(j, "bursts", s->bursts);
	number(j, "polls", s->polls);
	number(j, "gaps", s->gaps);
	number(j, "unexplained", s->unexplained);
	number(j, "undecided", s->undecided);
	causes(j, "lost", s->cause, KB_CLASS_LOST, true);
	causes(j, "ignored", s->cause, KB_CLASS_IGNORED, true);
	open_scope(j, "allowances", '{');
	for (uint32_t i = 0; i < KB_ALLOWANCES; i++)
		number(j, kb_allowances[i], s->allowance[i]);
	close_scope(j, '}');
	open_scope(j, "handler", '{');
	for (uint32_t i = 0; i < KB_HANDLER_COUNTERS && stats->handler_counters[i][0]; i++)
		number(j, stats->handler_counters[i], s->handler[i]);
	close_scope(j, '}');
	latencies(j, &s->receive, &s->oneway, &s->own);
}

static void queue(struct json *j, const struct kb_stats *stats, uint32_t i)
{
	const struct kb_queue_stats *const q = &stats->queue[i];
	uint64_t cause[KB_CAUSES];

	for (uint32_t c = 0; c < KB_CAUSES; c++)
		cause[c] = kb_stat_get(&q->cause[c]) + kb_stat_get(&stats->device[i].cause[c]);
	open_scope(j, NULL, '{');
	number(j, "received", kb_stat_get(&q->received));
	number(j, "bytes", kb_stat_get(&q->bytes));
	number(j, "sent", kb_stat_get(&q->sent));
	number(j, "unsent", kb_stat_get(&q->unsent));
	number(j, "bursts", kb_stat_get(&q->bursts));
	number(j, "polls", kb_stat_get(&q->polls));
	number(j, "gaps", kb_stat_get(&q->gaps));
	causes(j, "lost", cause, KB_CLASS_LOST, false);
	causes(j, "ignored", cause, KB_CLASS_IGNORED, false);
	latencies(j, &q->receive, &q->oneway, &q->own);
	close_scope(j, '}');
}

void kb_stats_json(FILE *to, const struct kb_stats *stats, bool histograms)
{
	struct kb_snapshot *const s = malloc(sizeof(*s));
	struct json j = {.to = to, .first = true};

	if (!s)
		return;
	kb_snapshot_take(s, stats);
	open_scope(&j, NULL, '{');
	identity(&j, stats);
	totals(&j, stats, s);
	if (histograms) {
		open_scope(&j, "histograms", '{');
		buckets(&j, "receive", &s->receive);
		buckets(&j, "oneway", &s->oneway);
		buckets(&j, "handler", &s->own);
		close_scope(&j, '}');
	}
	open_scope(&j, "perQueue", '[');
	for (uint32_t i = 0; i < stats->queues; i++)
		queue(&j, stats, i);
	close_scope(&j, ']');
	close_scope(&j, '}');
	fputc('\n', to);
	free(s);
}
