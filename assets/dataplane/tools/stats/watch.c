// SPDX-License-Identifier: Apache-2.0
#include "watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kb/clock.h"
#include "kb/error.h"
#include "snapshot.h"

#define HEADER_EVERY 20 /* lines: it never scrolls out of a terminal */

struct watch {
	struct kb_snapshot last;
	struct kb_snapshot now;
	struct kb_snapshot growth;
	uint64_t last_ns;
	uint64_t lines;
};

static void print_line(struct watch *w, double seconds)
{
	const struct kb_snapshot *const g = &w->growth;
	const double us = 1e-3;

	if (w->lines++ % HEADER_EVERY == 0)
		printf("%12s %10s %10s %10s %12s %9s %9s %9s\n", "datagrams/s", "Mbit/s", "lost/s",
		       "gaps/s", "unexplained", "p50 us", "p99 us", "max us");
	printf("%12.0f %10.1f %10.0f %10.0f %12" PRIu64 " %9.1f %9.1f %9.1f\n",
	       (double)g->received / seconds, (double)g->bytes * 8e-6 / seconds,
	       (double)kb_snapshot_class(g, KB_CLASS_LOST) / seconds, (double)g->gaps / seconds,
	       w->now.unexplained, (double)kb_hist_quantile(&g->receive, 0.5) * us,
	       (double)kb_hist_quantile(&g->receive, 0.99) * us, (double)g->receive.max * us);
	fflush(stdout);
}

static void step(struct watch *w, const struct kb_stats *page)
{
	const uint64_t now_ns = kb_clock_ns(CLOCK_MONOTONIC);

	kb_snapshot_take(&w->now, page);
	/* The first reading is where rates start from. */
	if (w->last.start_ns == 0)
		w->last = w->now;
	kb_snapshot_diff(&w->growth, &w->now, &w->last);
	if (w->last_ns)
		print_line(w, (double)(now_ns - w->last_ns) * 1e-9);
	w->last = w->now;
	w->last_ns = now_ns;
}

int kb_stats_watch(const char *path)
{
	const struct timespec second = {.tv_sec = 1};
	struct watch *const w = calloc(1, sizeof(*w));

	if (!w)
		return kb_err_set(KB_EXIT_RETRY, errno, "allocate watch");
	for (;;) {
		const struct kb_stats *page;

		/* Attached each time: another receiver means another file. */
		if (kb_stats_attach(&page, path)) {
			free(w);
			return -1;
		}
		step(w, page);
		kb_stats_unmap(page);
		nanosleep(&second, NULL);
	}
}
