/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DUMP_TAP_CLIENT_H
#define KB_DUMP_TAP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "kb/tap_area.h"

/*
 * Our end of a receiver's tap. What the memory holds is checked, and looked at once: the receiver
 * may die while it writes, or be anything but a receiver.
 */
struct kb_tap_client {
	int fd;			 /* of the socket; -1 once the receiver is gone */
	struct kb_tap_area area; /* what it said of itself when we attached, without its rings */
	uint8_t *shared;
	struct kb_tap_ring *ring; /* in there */
	size_t size;
	uint64_t tail[KB_MAX_QUEUES]; /* read up to here */
};

/* A record of a queue. `data` stays valid until the next kb_tap_client_release(). */
struct kb_tap_item {
	uint32_t queue;
	struct kb_tap_record about;
	const uint8_t *data;
};

/* Attaches to the receiver at `path`. Returns 0, or -1 with kb_err. */
int kb_tap_client_open(struct kb_tap_client *c, const char *path, uint32_t snaplen,
		       uint32_t ring_bytes);

/* The part of it behind the socket: `fd` is the memory that came over it, and stays the caller's.
 */
int kb_tap_client_map(struct kb_tap_client *c, int fd);

/* The oldest record of all queues. Returns 1; 0 when there is none; -1 with kb_err. */
int kb_tap_client_next(struct kb_tap_client *c, struct kb_tap_item *out);

/* Gives what was read back to the receiver. */
void kb_tap_client_release(struct kb_tap_client *c);

/* Waits at most `ms`; returns false when the receiver has gone (what it left can still be read). */
bool kb_tap_client_wait(struct kb_tap_client *c, int ms);

/* The receiver writes no more; what it has written can still be read. */
void kb_tap_client_detach(struct kb_tap_client *c);

void kb_tap_client_close(struct kb_tap_client *c);

#endif
