/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_TAP_AREA_H
#define KB_TAP_AREA_H

#include <stddef.h>
#include <stdint.h>

#include "kb/stats.h"

/*
 * What a receiver and a kb-dump share: memory that the receiver makes when a kb-dump asks for it,
 * and whose size neither can change afterwards. The request travels over a socket beside the stats
 * page, the memory comes back over it, and whoever closes the socket has detached: the kernel does
 * that for a process that is killed.
 */
#define KB_TAP_SUFFIX  ".dump"	   /* of the stats page's path */
#define KB_TAP_MAGIC   0x5054424bu /* "KBTP" */
#define KB_TAP_VERSION 1u

#define KB_TAP_MIN_RING (64u << 10) /* a 9000-byte frame and its record several times over */
#define KB_TAP_MAX_RING (256u << 20)
#define KB_TAP_MAX_AREA (1ull << 30) /* of all queues: it is real memory, taken at once */
#define KB_TAP_MIN_SNAP 64u
#define KB_TAP_MAX_SNAP 65535u

struct kb_tap_request {
	uint32_t magic;
	uint32_t version;
	uint32_t snaplen;
	uint32_t ring_bytes; /* for each queue, a power of two */
};

struct kb_tap_reply {
	uint32_t magic;
	uint32_t refused; /* 0: the descriptor of the area comes with it */
	char text[240];	  /* why it was refused */
};

struct kb_tap_ring {
	_Alignas(64) uint64_t head; /* bytes ever written, by the queue's thread */
	uint64_t seen;		    /* frames */
	uint64_t dropped;	    /* of those, the ones that found no room */
	_Alignas(64) uint64_t tail; /* bytes ever read, by kb-dump */
};

struct kb_tap_area {
	uint32_t magic;
	uint32_t version;
	uint32_t queues;
	uint32_t ring_bytes;
	uint32_t snaplen;
	uint32_t has_ethernet; /* 0: frames begin with an IPv4 header that was built again */
	uint32_t pid;
	char plane[16];
	char iface[32];
	char handler[32];
	struct kb_tap_ring ring[KB_MAX_QUEUES];
};

/* Ring i's bytes are at KB_TAP_DATA + i * ring_bytes. */
#define KB_TAP_DATA ((sizeof(struct kb_tap_area) + 4095u) / 4096u * 4096u)

enum kb_tap_kind {
	KB_TAP_PAD,   /* nothing up to the end of the ring */
	KB_TAP_FRAME, /* its bytes follow */
	KB_TAP_BURST,
};

#define KB_TAP_DELIVERED 0xffu /* instead of a cause */
#define KB_TAP_ALIGN	 32u   /* of records: a pad always has room for one */

struct kb_tap_record {
	uint32_t size; /* with what follows, a multiple of KB_TAP_ALIGN */
	uint8_t kind;
	uint8_t cause;
	uint16_t unused;
	uint32_t captured; /* bytes that follow */
	uint32_t wire;	   /* bytes of the whole frame */
	uint64_t ns;	   /* CLOCK_REALTIME: arrival; of a burst, the end of its handler */
	uint64_t dropped;  /* kb_tap_ring.dropped when this was written */
};
_Static_assert(sizeof(struct kb_tap_record) == KB_TAP_ALIGN, "records are a format");

/* Follows the record of a burst. */
struct kb_tap_outcome {
	uint64_t gaps;	     /* of the queue, since the receiver started */
	uint64_t latency_ns; /* the burst's worst, arrival to the end of its handler */
	uint64_t n;	     /* datagrams */
	uint64_t unused;
};
_Static_assert(sizeof(struct kb_tap_outcome) % KB_TAP_ALIGN == 0, "records are a format");

#endif
