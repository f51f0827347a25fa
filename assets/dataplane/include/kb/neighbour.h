/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_NEIGHBOUR_H
#define KB_NEIGHBOUR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which MAC answers for an address of the own subnet: what the kernel's ARP cache is, for a port
 * that has no kernel behind it. Any thread may read, any thread may write; a reader never waits,
 * because an entry is read under a sequence number and not under the lock.
 *
 * Zero-initialised memory is an empty table.
 */
#define KB_NEIGHBOURS	    1024 /* a fan-out to 128 subscribers fills an eighth */
#define KB_NEIGHBOUR_PROBES 8	 /* slots an address may live in */
/* Asked again after this age while it is in use: an ENI can be replaced under its address. */
#define KB_NEIGHBOUR_FRESH_NS 60000000000ull
/* At most one question a second for each address (RFC 1122, 2.3.2.1). */
#define KB_NEIGHBOUR_ASK_NS 1000000000ull

struct kb_neighbour {
	uint32_t seq;	    /* odd while it is being written */
	uint32_t addr;	    /* network byte order, 0 = empty */
	uint64_t learnt_ns; /* 0 = asked, never answered */
	uint64_t asked_ns;
	uint8_t mac[6];
};

struct kb_neighbours {
	uint32_t lock; /* among writers */
	struct kb_neighbour slot[KB_NEIGHBOURS];
};

enum kb_neighbour_state {
	KB_NEIGHBOUR_UNKNOWN, /* no MAC: ask */
	KB_NEIGHBOUR_STALE,   /* the MAC is usable, but ask */
	KB_NEIGHBOUR_KNOWN,
};

enum kb_neighbour_state kb_neighbour_get(const struct kb_neighbours *t, uint32_t addr,
					 uint64_t now_ns, uint8_t mac[6]);

/* Learns or refreshes; the oldest entry of a full neighbourhood of slots gives way. */
void kb_neighbour_put(struct kb_neighbours *t, uint32_t addr, const uint8_t mac[6],
		      uint64_t now_ns);

/* Refreshes an address that is known or was asked for; returns false if it is neither. */
bool kb_neighbour_refresh(struct kb_neighbours *t, uint32_t addr, const uint8_t mac[6],
			  uint64_t now_ns);

/* True when the caller should ask for `addr` now; notes that it was asked. */
bool kb_neighbour_ask(struct kb_neighbours *t, uint32_t addr, uint64_t now_ns);

#endif
