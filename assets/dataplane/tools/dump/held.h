/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DUMP_HELD_H
#define KB_DUMP_HELD_H

#include "frame.h"

/* The last frames, kept until something makes them worth writing: copies, in order of arrival. */
struct kb_held {
	struct kb_held_slot {
		struct kb_dump_frame frame;
		uint8_t *bytes;
		uint32_t room;
	} * slot;
	uint32_t slots;
	uint32_t first; /* the oldest */
	uint32_t n;
};

/* Returns 0, or -1 with kb_err. */
int kb_held_open(struct kb_held *h, uint32_t slots);

/* Keeps a frame, in place of the oldest when there is no other place. Returns 0, or -1 with kb_err.
 */
int kb_held_put(struct kb_held *h, const struct kb_dump_frame *frame);

/* Takes the oldest out; it stays valid until the next put. NULL when there is none. */
const struct kb_dump_frame *kb_held_take(struct kb_held *h);

void kb_held_close(struct kb_held *h);

#endif
