/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_TOP_VIEW_H
#define KB_TOP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

/* The stats page at one moment, by queue where that says more. */
struct kb_top_reading {
	uint64_t taken_ns; /* CLOCK_REALTIME, as the page's own stamps */
	struct kb_snapshot total;
	struct kb_top_queue {
		uint64_t received;
		uint64_t bytes;
		uint64_t lost;
	} queue[KB_MAX_QUEUES];
};

/* What kb-top knows between two readings. 400 KB: not for the stack. */
struct kb_top {
	const char *path;
	struct kb_top_reading last;
	struct kb_top_reading now;
	struct kb_snapshot growth; /* from last to now */
	uint32_t restarts;	   /* new receivers since kb-top started */
};

/* Reads the page, which is the next interval's end. Returns whether there is an interval yet. */
bool kb_top_read(struct kb_top *top, const struct kb_stats *page, uint64_t now_ns);

/*
 * The screen as plain text of at most `rows` lines (0 = as many as it takes) of at most `columns`
 * characters: what does not fit is counted on the last line. `page` is the page just read, or NULL
 * with the reason why there is none. Returns the bytes written, the terminating 0 not among them.
 */
size_t kb_top_view(char *out, size_t size, uint32_t rows, uint32_t columns,
		   const struct kb_top *top, const struct kb_stats *page, const char *reason);

#endif
