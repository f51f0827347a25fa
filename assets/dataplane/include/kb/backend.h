/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_BACKEND_H
#define KB_BACKEND_H

#include <stdint.h>
#include "kb/config.h"
#include "kb/pkt.h"
#include "kb/stats.h"

/*
 * The whole contract between the receive loop and a data plane. One file in src/backend implements
 * it; meson links exactly one into each binary, so the calls below are direct (and inlined by LTO).
 *
 * Threads: open, start, housekeep, and close run on the main thread. rx_burst, rx_release and
 * tx_burst of one queue run on that queue's thread only.
 */
struct kb_backend;
struct kb_queue;

/* What a back-end is: decides the keys of its binary and the planes of the plan it serves. */
struct kb_backend_info {
	const char *program; /* "kb-kernel" */
	uint32_t use;	     /* enum kb_config_use */
	uint32_t planes;     /* bit 1 << enum kb_plane for each plane it serves */
};
extern const struct kb_backend_info kb_backend_info;

/*
 * Acquires the port with cfg->queues queues and starts delivery. Returns 0, or -1 with the reason
 * in kb_err. When it returns 0 every queue is able to receive, and `mode` in the stats page says
 * what is really in force (driver, native or generic, zero-copy or copy), read back from the
 * system and never copied from the request.
 */
int kb_backend_open(struct kb_backend **out, const struct kb_config *cfg, struct kb_stats *stats);

/* What a running receiver still needs of the system. The rest is given up once it is ready. */
struct kb_rights {
	const int *syscalls; /* beyond those of every receiver (src/sandbox.c); -1 ends the list */
	uint64_t capabilities; /* 1 << CAP_x of each that is kept where the process has it */
};
struct kb_rights kb_backend_rights(const struct kb_backend *be);

/* Queue i, 0 <= i < cfg->queues. Lives until kb_backend_close(). */
struct kb_queue *kb_backend_queue(struct kb_backend *be, uint32_t i);

/*
 * Run on the queue's own thread before its first burst: lets DPDK register the thread as an lcore.
 * Returns 0, or -1 with the reason in kb_err.
 */
int kb_queue_attach(struct kb_queue *q);

/* What a back-end knows of a burst as a whole, so that nobody has to go through it again. */
struct kb_burst {
	uint64_t polled_ns; /* CLOCK_REALTIME when it was taken */
	uint64_t bytes;	    /* of all payloads */
	bool stamped;	    /* false: every rx_ns is polled_ns */
};

/*
 * Receives up to `max` datagrams. Frames that are not a wanted datagram are consumed here, counted
 * under their cause in the queue's block of the stats page, and never returned. *b is of those that
 * are; of none it says nothing.
 * Only KB_POLL_WAKEUP may sleep, and at most KB_WAKEUP_MS, so that a stop is seen.
 */
#define KB_WAKEUP_MS 10
uint32_t kb_rx_burst(struct kb_queue *q, struct kb_pkt *v, uint32_t max, struct kb_burst *b);

/*
 * Gives the frames of exactly the last burst back, as `v` names them by now: where a received frame
 * was itself sent (kb_tx.last), v[i].frame is a spare one on kb-afxdp and NULL on kb-dpdk.
 */
void kb_rx_release(struct kb_queue *q, const struct kb_pkt *v, uint32_t n);

/*
 * Sends up to n datagrams; returns how many it took. Those are counted here: as `sent`, or as
 * `unsent` when no second try would help (longer than the MTU, no next hop). The rest is the
 * caller's: try again, or count it in kb_handler_env.unsent.
 */
uint32_t kb_tx_burst(struct kb_queue *q, const struct kb_tx *v, uint32_t n);

/*
 * Called about every 100 ms: reads device counters into the stats page (causes that the device or
 * the kernel counts), runs driver timers, recovers from device resets. Returns 0, or -1 with the
 * reason in kb_err when the port is gone for good.
 */
int kb_backend_housekeep(struct kb_backend *be);

/* Stops delivery and frees everything; NULL is allowed. Queue threads have ended before. */
void kb_backend_close(struct kb_backend *be);

#endif
