/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_TAP_H
#define KB_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "kb/config.h"
#include "kb/pkt.h"
#include "kb/stats.h"
#include "kb/tap_area.h"

/*
 * The receiver's side of kb-dump: while one is attached, each queue copies the frames it takes from
 * its port into a ring of its own, in memory shared with kb-dump. It never waits for a reader: what
 * finds no room is counted and left out. Nobody attached costs one load for each burst, here and
 * once more in the loop, of a line that rests.
 */
struct kb_tap {
	_Alignas(64) uint32_t on; /* 1 while a kb-dump looks */
	uint32_t busy;		  /* 1 while the queue's thread is inside: the memory stays */
	struct kb_tap_ring *ring;
	uint8_t *data;
	uint64_t head; /* ours: what a reader writes into shared memory is never trusted */
	uint64_t room; /* `head` may grow up to here, as far as we know */
	uint64_t seen;
	uint64_t dropped;
	uint32_t mask;
	uint32_t snaplen;
	struct kb_tap_outcome untold; /* of bursts whose outcome found no room yet */
};

/* One a queue, of the one port of this process. */
extern struct kb_tap kb_taps[KB_MAX_QUEUES];

static inline bool kb_tap_wanted(uint32_t queue)
{
	return __builtin_expect(__atomic_load_n(&kb_taps[queue].on, __ATOMIC_RELAXED) != 0, 0);
}

/* --- on the queue's thread, when kb_tap_wanted() --- */

/* Returns NULL when the reader has gone since; else kb_tap_end() must follow. */
struct kb_tap *kb_tap_begin(uint32_t queue);

/*
 * A frame as it came from the port: `len` bytes at `frame`, of `wire` in all. `cause` is
 * KB_TAP_DELIVERED or the reason (enum kb_cause) why the handler does not get it.
 */
void kb_tap_frame(struct kb_tap *t, const uint8_t *frame, uint32_t len, uint32_t wire,
		  uint64_t rx_ns, uint8_t cause);

/* A datagram that came without its headers: they are built again from what the socket says. */
void kb_tap_datagram(struct kb_tap *t, const struct kb_pkt *pkt);

void kb_tap_end(struct kb_tap *t);

/* After the handler: what a trigger looks at. `gaps` is the queue's counter. */
void kb_tap_burst(const struct kb_pkt *v, uint32_t n, uint64_t done_ns, uint64_t gaps);

/* --- on the main thread --- */

/*
 * Listens at the stats page's path with KB_TAP_SUFFIX. That nobody can attach is no reason not to
 * receive: what is wrong is said on standard error.
 */
void kb_tap_listen(const struct kb_config *cfg, const struct kb_stats *stats);

/* Lets a kb-dump in, and forgets one that is gone. About every 100 ms. */
void kb_tap_housekeep(void);

/* The queues' threads have ended. */
void kb_tap_close(void);

#endif
