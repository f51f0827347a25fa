// SPDX-License-Identifier: Apache-2.0
#include "view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "stats/publisher.h"

/* --- lines --------------------------------------------------------------------------------------
 */

struct screen {
	char *out;
	size_t size;
	size_t len;
	uint32_t rows;
	uint32_t columns;
	uint32_t lines;	 /* written */
	uint32_t hidden; /* for want of rows */
	size_t last;	 /* where the last line begins */
};

static void put_line(struct screen *s, const char *text)
{
	s->last = s->len;
	for (uint32_t i = 0; i < s->columns && text[i] && s->len + 2 < s->size; i++) {
		const char c = text[i];
		/* Names come from the page: none of them may speak to the terminal. */
		s->out[s->len++] = c < ' ' || c == 0x7f ? '?' : c;
	}
	if (s->len + 1 < s->size)
		s->out[s->len++] = '\n';
	s->out[s->len] = '\0';
	s->lines++;
}

__attribute__((format(printf, 2, 3))) static void line(struct screen *s, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (s->rows && s->lines >= s->rows) {
		s->hidden++;
		return;
	}
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	put_line(s, text);
}

/* The last line gives way to saying that there is more. */
static void finish(struct screen *s)
{
	char text[64];

	if (!s->hidden)
		return;
	snprintf(text, sizeof(text), "... %u more lines than this terminal has rows",
		 s->hidden + 1);
	s->len = s->last;
	put_line(s, text);
}

/* Cells side by side, as many as fit on a line. */
struct cells {
	struct screen *screen;
	uint32_t width;
	char text[512];
	size_t len;
};

static void flush(struct cells *c)
{
	while (c->len && c->text[c->len - 1] == ' ')
		c->len--;
	if (c->len)
		line(c->screen, "%.*s", (int)c->len, c->text);
	c->len = 0;
}

static void cell(struct cells *c, const char *text)
{
	if (c->len && c->len + c->width > c->screen->columns)
		flush(c);
	if (c->len + c->width >= sizeof(c->text))
		return;
	/* Never shortened: a long number moves its neighbours rather than lose a digit. */
	c->len += (size_t)snprintf(c->text + c->len, sizeof(c->text) - c->len, "%-*s",
				   (int)c->width, text);
	if (c->len >= sizeof(c->text))
		c->len = sizeof(c->text) - 1;
}

/* --- numbers ------------------------------------------------------------------------------------
 */

/* 2^64 in digits with a comma before each third, and a terminator. */
struct digits {
	char text[27];
};

static struct digits grouped(uint64_t n)
{
	struct digits d = {0};
	char plain[21];
	const int len = snprintf(plain, sizeof(plain), "%" PRIu64, n);
	char *out = d.text;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = plain[i];
	}
	return d;
}

static double seconds(const struct kb_top *top)
{
	const double s = (double)(top->now.taken_ns - top->last.taken_ns) * 1e-9;

	/* CLOCK_REALTIME may be set back under us. */
	return top->now.taken_ns > top->last.taken_ns ? s : 1;
}

static struct digits rate(const struct kb_top *top, uint64_t growth)
{
	return grouped((uint64_t)((double)growth / seconds(top) + 0.5));
}

static uint64_t grown(uint64_t now, uint64_t last)
{
	return now > last ? now - last : 0;
}

static bool restarted(const struct kb_top *top)
{
	return top->now.total.start_ns != top->last.total.start_ns;
}

/* --- reading ------------------------------------------------------------------------------------
 */

static void read_queue(struct kb_top_queue *out, const struct kb_stats *page, uint32_t i)
{
	const struct kb_queue_stats *const q = &page->queue[i];

	out->received = kb_stat_get(&q->received);
	out->bytes = kb_stat_get(&q->bytes);
	out->lost = 0;
	for (uint32_t c = 0; c < KB_CAUSES; c++)
		if (kb_causes[c].class == KB_CLASS_LOST)
			out->lost +=
				kb_stat_get(&q->cause[c]) + kb_stat_get(&page->device[i].cause[c]);
}

bool kb_top_read(struct kb_top *top, const struct kb_stats *page, uint64_t now_ns)
{
	const bool first = top->now.total.start_ns == 0;

	top->last = top->now;
	top->now.taken_ns = now_ns;
	kb_snapshot_take(&top->now.total, page);
	for (uint32_t i = 0; i < page->queues; i++)
		read_queue(&top->now.queue[i], page, i);
	if (first) {
		top->last = top->now;
	} else if (restarted(top)) {
		top->restarts++;
		memset(top->last.queue, 0, sizeof(top->last.queue));
	}
	kb_snapshot_diff(&top->growth, &top->now.total, &top->last.total);
	return !first;
}

/* --- what is shown ------------------------------------------------------------------------------
 */

static void show_state(struct screen *s, const struct kb_top *top, const struct kb_stats *page)
{
	const uint64_t now = top->now.taken_ns;
	const uint64_t silent = grown(now, top->now.total.heartbeat_ns);
	char state[96];

	if (silent > KB_SILENT_NS)
		snprintf(state, sizeof(state), "SILENT for %.1f s (pid %u)", (double)silent * 1e-9,
			 page->pid);
	else
		snprintf(state, sizeof(state), "%s for %s s (pid %u)",
			 page->ready ? "up" : "STARTING",
			 grouped(grown(now, top->now.total.start_ns) / 1000000000u).text,
			 page->pid);
	line(s, "receiver  %s", state);
	if (restarted(top))
		line(s, "          RESTARTED just now: the totals are the new receiver's");
	else if (top->restarts)
		line(s,
		     "          RESTARTED %u time%s since kb-top began: the totals are the last "
		     "one's",
		     top->restarts, top->restarts == 1 ? "" : "s");
}

/* Texts of the page end where their arrays end, whatever is in them. */
#define TEXT(array) (int)sizeof(array), array

static void show_mode(struct screen *s, const struct kb_stats *page)
{
	line(s, "mode      %.*s on %.*s (%.*s%s%.*s%s%.*s), %u queue%s, handler %.*s",
	     TEXT(page->plane), TEXT(page->iface), TEXT(page->driver), page->xdp[0] ? ", " : "",
	     TEXT(page->xdp), page->copy[0] ? ", " : "", TEXT(page->copy), page->queues,
	     page->queues == 1 ? "" : "s", TEXT(page->handler));
	if (page->detail[0])
		line(s, "          %.*s", TEXT(page->detail));
}

static void row(struct screen *s, const struct kb_top *top, const char *name, uint64_t growth,
		uint64_t total)
{
	line(s, "%-22s %14s %22s", name, rate(top, growth).text, grouped(total).text);
}

static void show_causes(struct screen *s, const struct kb_top *top, enum kb_cause_class class,
			const char *title)
{
	char name[40];

	row(s, top, title, kb_snapshot_class(&top->growth, class),
	    kb_snapshot_class(&top->now.total, class));
	for (uint32_t i = 0; i < KB_CAUSES; i++) {
		if (kb_causes[i].class != class || !top->now.total.cause[i])
			continue;
		snprintf(name, sizeof(name), "  %s", kb_causes[i].name);
		row(s, top, name, top->growth.cause[i], top->now.total.cause[i]);
	}
}

static void show_ledger(struct screen *s, const struct kb_top *top)
{
	const struct kb_snapshot *const g = &top->growth;
	const struct kb_snapshot *const t = &top->now.total;

	line(s, "%-22s %14s %22s", "", "per second", "since it started");
	line(s, "%-22s %14s %22s %14.1f MB/s", "received", rate(top, g->received).text,
	     grouped(t->received).text, (double)g->bytes * 1e-6 / seconds(top));
	if (t->sent || t->unsent) {
		row(s, top, "sent", g->sent, t->sent);
		row(s, top, "not sent", g->unsent, t->unsent);
	}
	show_causes(s, top, KB_CLASS_LOST, "lost");
	show_causes(s, top, KB_CLASS_IGNORED, "ignored");
	row(s, top, "gaps", g->gaps, t->gaps);
	row(s, top, "unexplained", g->unexplained, t->unexplained);
	for (uint32_t i = 0; i < KB_ALLOWANCES; i++) {
		char name[40];
		if (!t->allowance[i])
			continue;
		snprintf(name, sizeof(name), "allowance %s", kb_allowances[i]);
		row(s, top, name, g->allowance[i], t->allowance[i]);
	}
}

static void show_latency(struct screen *s, const char *name, const struct kb_hist *h)
{
	const double us = 1e-3;

	if (h->total)
		line(s, "%-9s %11.1f %11.1f %11.1f %11.1f %14s", name,
		     (double)kb_hist_quantile(h, 0.5) * us, (double)kb_hist_quantile(h, 0.99) * us,
		     (double)kb_hist_quantile(h, 0.999) * us, (double)h->max * us,
		     grouped(h->total).text);
	else
		line(s, "%-9s %11s %11s %11s %11s %14s", name, "-", "-", "-", "-", "0");
	if (h->negative)
		line(s, "%-9s %s stamps from the future: the clocks disagree", "",
		     grouped(h->negative).text);
}

static void show_latencies(struct screen *s, const struct kb_top *top)
{
	line(s, "%-9s %11s %11s %11s %11s %14s", "us", "p50", "p99", "p99.9", "max", "count");
	show_latency(s, "receive", &top->growth.receive);
	show_latency(s, "one-way", &top->growth.oneway);
	if (top->now.total.own.total)
		show_latency(s, "handler", &top->growth.own);
}

static void show_queues(struct screen *s, const struct kb_top *top, const struct kb_stats *page)
{
	struct cells c = {.screen = s, .width = 40};

	for (uint32_t i = 0; page->queues > 1 && i < page->queues; i++) {
		const struct kb_top_queue *const now = &top->now.queue[i];
		const struct kb_top_queue *const last = &top->last.queue[i];
		char text[128];

		snprintf(text, sizeof(text), "q%-3u %11s/s %6.1f MB/s lost %s", i,
			 rate(top, grown(now->received, last->received)).text,
			 (double)grown(now->bytes, last->bytes) * 1e-6 / seconds(top),
			 grouped(now->lost).text);
		cell(&c, text);
	}
	flush(&c);
}

static void show_handler(struct screen *s, const struct kb_top *top, const struct kb_stats *page)
{
	struct cells c = {.screen = s, .width = 40};

	for (uint32_t i = 0; i < KB_HANDLER_COUNTERS && page->handler_counters[i][0]; i++) {
		char text[128];

		snprintf(text, sizeof(text), "%-12.*s %s (%s/s)", TEXT(page->handler_counters[i]),
			 grouped(top->now.total.handler[i]).text,
			 rate(top, top->growth.handler[i]).text);
		cell(&c, text);
	}
	flush(&c);
}

static void show_title(struct screen *s, const struct kb_top *top, uint64_t now_ns)
{
	const time_t now = (time_t)(now_ns / 1000000000u);
	struct tm utc;
	char clock[16];

	gmtime_r(&now, &utc);
	strftime(clock, sizeof(clock), "%H:%M:%S", &utc);
	line(s, "kb-top    %s  %s UTC", top->path, clock);
}

size_t kb_top_view(char *out, size_t size, uint32_t rows, uint32_t columns,
		   const struct kb_top *top, const struct kb_stats *page, const char *reason)
{
	struct screen s = {.out = out, .size = size, .rows = rows, .columns = columns};

	out[0] = '\0';
	if (!page) {
		line(&s, "kb-top    %s", top->path);
		line(&s, "receiver  NONE: %s", reason);
	} else {
		show_title(&s, top, top->now.taken_ns);
		show_state(&s, top, page);
		show_mode(&s, page);
		show_ledger(&s, top);
		show_latencies(&s, top);
		show_handler(&s, top, page);
		show_queues(&s, top, page);
	}
	finish(&s);
	return s.len;
}
