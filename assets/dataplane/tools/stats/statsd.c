// SPDX-License-Identifier: Apache-2.0
#include "statsd.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_SIZE 320 /* a metric, two numbers, a 127-character name and a cause */

void kb_statsd_flush(struct kb_statsd *s)
{
	if (s->len)
		s->send(s->to, s->datagram, s->len);
	s->len = 0;
}

__attribute__((format(printf, 2, 3))) static void add_line(struct kb_statsd *s, const char *fmt,
							   ...)
{
	char line[LINE_MAX_SIZE];
	va_list ap;

	va_start(ap, fmt);
	const int printed = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (printed < 0 || (size_t)printed >= sizeof(line))
		return; /* half a line would be another metric */
	const size_t len = (size_t)printed;
	if (s->len && s->len + 1 + len > sizeof(s->datagram))
		kb_statsd_flush(s);
	if (s->len)
		s->datagram[s->len++] = '\n';
	memcpy(s->datagram + s->len, line, len);
	s->len += len;
}

static void count(struct kb_statsd *s, const char *metric, uint64_t n)
{
	add_line(s, "%s:%" PRIu64 "|c|#Name:%s", metric, n, s->name);
}

/* A dimension value costs money and attention once it exists: only causes that occur get one. */
static void count_cause(struct kb_statsd *s, const char *metric, const char *cause, uint64_t n)
{
	if (n)
		add_line(s, "%s:%" PRIu64 "|c|#Name:%s,Cause:%s", metric, n, s->name, cause);
}

/*
 * The agent adds the causes up to the total of the Name alone (aggregation_dimensions), so a total
 * is sent only where there is nothing to add up: the series must not have holes.
 */
static void count_class(struct kb_statsd *s, const char *metric, const struct kb_snapshot *growth,
			enum kb_cause_class class)
{
	if (kb_snapshot_class(growth, class) == 0)
		count(s, metric, 0);
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		if (kb_causes[i].class == class)
			count_cause(s, metric, kb_causes[i].name, growth->cause[i]);
}

/* The shortest decimal whose reciprocal is n again. */
static void format_rate(char *out, size_t size, uint64_t n)
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(out, size, "%.*g", digits, 1.0 / (double)n);
		if (1.0 / strtod(out, NULL) == (double)n)
			return;
	}
	/* 1/n of some n has no double that leads back exactly; 17 digits differ in the last bit. */
}

/* Nanoseconds as microseconds, exactly: 12345 is 12.345, 12000 is 12. */
static void format_us(char *out, size_t size, uint64_t ns)
{
	const int len = snprintf(out, size, "%" PRIu64 ".%03u", ns / 1000, (unsigned)(ns % 1000));
	char *end = out + len;

	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	*end = '\0';
}

/*
 * What a bucket is sent as: its highest value, as percentiles have it, but nothing above the exact
 * maximum, so that the agent's Max is no larger than what was measured. A maximum below the bucket
 * was read just before the count's own was stored.
 */
static uint64_t bucket_value(const struct kb_hist *h, uint32_t i)
{
	const uint64_t highest = kb_hist_highest(i);

	return h->max >= kb_hist_lowest(i) && h->max < highest ? h->max : highest;
}

static void histogram(struct kb_statsd *s, const char *metric, const struct kb_hist *h)
{
	for (uint32_t i = 0; i < KB_HIST_COUNTS; i++) {
		char value[32], rate[32];

		if (h->counts[i] == 0)
			continue;
		format_us(value, sizeof(value), bucket_value(h, i));
		if (h->counts[i] == 1) {
			add_line(s, "%s:%s|h|#Name:%s", metric, value, s->name);
			continue;
		}
		format_rate(rate, sizeof(rate), h->counts[i]);
		add_line(s, "%s:%s|h|@%s|#Name:%s", metric, value, rate, s->name);
	}
}

void kb_statsd_interval(struct kb_statsd *s, const struct kb_snapshot *growth,
			const char (*counter_names)[32])
{
	count(s, "PacketsReceived", growth->received);
	count(s, "BytesReceived", growth->bytes);
	count_class(s, "PacketsLost", growth, KB_CLASS_LOST);
	count_class(s, "PacketsIgnored", growth, KB_CLASS_IGNORED);
	count(s, "SequenceGaps", growth->gaps);
	count(s, "PacketsUnexplained", growth->unexplained);
	/* Only receivers whose handler sends have these; a metric that is always 0 still costs. */
	if (growth->sent + growth->unsent > 0) {
		count(s, "PacketsSent", growth->sent);
		count(s, "PacketsUnsent", growth->unsent);
	}
	for (uint32_t i = 0; i < KB_ALLOWANCES; i++)
		count_cause(s, "AllowanceExceeded", kb_allowances[i], growth->allowance[i]);
	for (uint32_t i = 0; i < KB_HANDLER_COUNTERS && counter_names[i][0]; i++)
		if (growth->handler[i])
			add_line(s, "Handler.%s:%" PRIu64 "|c|#Name:%s", counter_names[i],
				 growth->handler[i], s->name);
	histogram(s, "ReceiveLatency", &growth->receive);
	histogram(s, "OneWayLatency", &growth->oneway);
	histogram(s, "HandlerLatency", &growth->own);
}

void kb_statsd_gauge(struct kb_statsd *s, const char *metric, int value)
{
	add_line(s, "%s:%d|g|#Name:%s", metric, value, s->name);
}
