/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_STATS_PUBLISHER_H
#define KB_STATS_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "kb/config.h"
#include "snapshot.h"
#include "statsd.h"

/*
 * Turns readings of the stats page into what one interval adds. Survives restarts on both sides: a
 * new receiver counts from 0, and a new publisher does not publish again what its predecessor did.
 */
struct kb_publisher {
	const struct kb_config *cfg;
	struct kb_statsd statsd;
	bool has_last;
	bool up; /* at the last interval */
	struct kb_snapshot last;
	struct kb_snapshot now;
	struct kb_snapshot growth;
};

/* The heartbeat is 100 ms; three seconds without one is no hiccup of the scheduler. */
#define KB_SILENT_NS 3000000000ull

/* Publishes one interval: page is NULL while there is none. */
void kb_publisher_run(struct kb_publisher *p, const struct kb_stats *page, uint64_t now_ns);

/*
 * The receiver of `page` has been replaced: publishes what it counted since it was last looked at,
 * which its successor's page no longer says. Gaps that were still undecided are not among it: the
 * receiver's exit report names them.
 */
void kb_publisher_finish(struct kb_publisher *p, const struct kb_stats *page);

/* Whether the receiver's heart beats. */
bool kb_page_alive(const struct kb_stats *page, uint64_t now_ns);

/* Whether the mode in force is the one the plan asks for. */
bool kb_page_as_planned(const struct kb_stats *page, const struct kb_config *cfg);

#endif
