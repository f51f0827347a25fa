/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DUMP_RECORDER_H
#define KB_DUMP_RECORDER_H

#include "capture.h"
#include "held.h"
#include "tap_client.h"

/* What becomes of the records of a tap: filtered, held back until a trigger, written. */
struct kb_recorder {
	const struct kb_dump_options *o;
	struct kb_tap_client *tap;
	struct kb_capture capture;
	struct kb_held held;
	/* Since when, for each queue: what later readings grow from. */
	uint64_t gaps[KB_MAX_QUEUES];
	bool has_gaps[KB_MAX_QUEUES];
	uint64_t dropped[KB_MAX_QUEUES];
	uint64_t untold[KB_MAX_QUEUES]; /* dropped, and no frame has said so yet */
	uint64_t after_left;		/* packets still to write after a trigger */
	uint64_t fired;
	struct {
		uint64_t ns;
		uint32_t queue;
		char text[120];
	} last;
	bool done; /* all that was asked for is written */
};

/* Begins the file. Returns 0, or -1 with kb_err. */
int kb_recorder_open(struct kb_recorder *r, const struct kb_dump_options *o,
		     struct kb_tap_client *tap);

/* Everything there is, up to a batch. Returns the number of records, or -1 with kb_err. */
int kb_recorder_take(struct kb_recorder *r);

/* Ends the file. Returns 0, or -1 with kb_err; also after a recorder that was never opened. */
int kb_recorder_close(struct kb_recorder *r);

#endif
