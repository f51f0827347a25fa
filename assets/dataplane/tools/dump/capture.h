/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DUMP_CAPTURE_H
#define KB_DUMP_CAPTURE_H

#include <stdio.h>

#include "frame.h"
#include "kb/tap_area.h"
#include "options.h"

/* What was seen of each queue so far; the statistics at the end of each file. */
struct kb_dump_counts {
	uint64_t seen;	   /* frames the receiver looked at */
	uint64_t dropped;  /* that found no room in the ring */
	uint64_t taken;	   /* out of the ring */
	uint64_t accepted; /* of those, by the filter */
	uint64_t written;
};

/* The file that is written, or the ring of files; each of them is whole by itself. */
struct kb_capture {
	const struct kb_dump_options *o;
	const struct kb_tap_area *area;
	struct kb_dump_counts count[KB_MAX_QUEUES];
	uint64_t start_ns;
	FILE *to;
	char path[4096];
	uint32_t number;  /* of the file, from 1; 0 = a single one */
	uint64_t bytes;	  /* of packets in this file */
	uint64_t packets; /* written to all files */
	uint64_t removed; /* files that made room for later ones */
};

/* Creates the first file. Returns 0, or -1 with kb_err; so do the others. */
int kb_capture_open(struct kb_capture *c, const struct kb_dump_options *o,
		    const struct kb_tap_area *area);

int kb_capture_write(struct kb_capture *c, const struct kb_dump_frame *frame, const char *trigger);

/* Nothing more for now: whoever reads the file shall see what there is. */
int kb_capture_flush(struct kb_capture *c);

/* Ends the file with its statistics; nothing happens when none is open. */
int kb_capture_close(struct kb_capture *c);

#endif
