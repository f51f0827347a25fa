/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_STATS_H
#define KB_STATS_H

#include <stddef.h>
#include <stdint.h>
#include "kb/handler.h"
#include "kb/hist.h"

/*
 * The stats page: a file that one receiver maps for writing and any number of readers map
 * read-only. Each queue's block has one writer, its own thread; `device` blocks are written by the
 * main thread's housekeeping, as is what stands beside them. All counters only grow while a
 * receiver lives and start from 0 with each receiver: readers notice a restart by start_ns and
 * never publish a counter going backwards. The file is created under a temporary name and renamed,
 * so a reader never sees half a page.
 */
#define KB_STATS_MAGIC	 0x534b4253u /* "SBKS" in memory on little-endian */
#define KB_STATS_VERSION 1u
#define KB_MAX_QUEUES	 128u /* the ENA PMD's own limit; a c6in.32xlarge ENI has 32 */

enum kb_cause_class { KB_CLASS_LOST, KB_CLASS_IGNORED };

enum kb_cause {
#define KB_CAUSE(symbol, name, class, meaning) KB_CAUSE_##symbol,
#include "kb/causes.def"
#undef KB_CAUSE
	KB_CAUSES
};

struct kb_cause_info {
	const char *name;
	enum kb_cause_class class;
	const char *meaning;
};
extern const struct kb_cause_info kb_causes[KB_CAUSES];

/* One queue, written by its thread only. */
struct kb_queue_stats {
	_Alignas(64) uint64_t received; /* datagrams delivered to the handler */
	uint64_t bytes;			/* their payload bytes */
	uint64_t bursts;		/* polls that returned at least one datagram */
	uint64_t polls;			/* all polls */
	uint64_t gaps;			/* missing sequence numbers, from the handler */
	uint64_t sent;			/* datagrams given to kb_tx_burst and accepted */
	uint64_t unsent;		/* datagrams to send that were given up */
	_Alignas(64) uint64_t cause[KB_CAUSES];
	_Alignas(64) uint64_t handler[KB_HANDLER_COUNTERS];
	_Alignas(64) struct kb_hist receive; /* rx_ns to the end of the burst's handler, ns */
	_Alignas(64) struct kb_hist oneway;  /* sender stamp to handler, ns */
	_Alignas(64) struct kb_hist own;     /* the handler's own */
};

/* What the device and the kernel counted for one queue (or, in queue 0, for the whole port). */
struct kb_device_stats {
	_Alignas(64) uint64_t cause[KB_CAUSES]; /* since this receiver opened the port */
};

/* ENA's allowance counters since open; order is public: bw_in bw_out pps conntrack linklocal. */
#define KB_ALLOWANCES 5
extern const char *const kb_allowances[KB_ALLOWANCES];

struct kb_stats {
	uint32_t magic;
	uint32_t version;
	uint32_t size;	 /* bytes of the whole page */
	uint32_t queues; /* blocks that follow */
	uint32_t pid;
	uint32_t ready;	       /* 1 once every queue polls */
	uint64_t start_ns;     /* CLOCK_REALTIME when the page was made: the receiver's identity */
	uint64_t heartbeat_ns; /* CLOCK_REALTIME, advanced by housekeeping every 100 ms */
	char plane[16];
	char handler[32];
	char iface[32];	  /* interface name or PCI address */
	char driver[32];  /* veth, ena, net_ena, net_memif, ... as the system reports it */
	char xdp[16];	  /* native, generic, or "" */
	char copy[16];	  /* zero-copy, copy, or "" */
	char detail[128]; /* anything else in force: "llq=on wc=on" */
	char handler_counters[KB_HANDLER_COUNTERS][32];
	char seccomp[8]; /* enforce, log, off, or none (the kernel has no filter) */
	_Alignas(64) uint64_t allowance[KB_ALLOWANCES];
	uint64_t unexplained; /* gaps no loss accounted for in time: src/explain.h */
	uint64_t undecided;   /* gaps whose time is not over yet; no counter, it falls again */
	struct kb_device_stats device[KB_MAX_QUEUES];
	struct kb_queue_stats queue[]; /* `queues` of them */
};

/* Single-writer add: no lock prefix, yet never torn for a reader. */
static inline void kb_stat_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline void kb_stat_set(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, n, __ATOMIC_RELAXED);
}

static inline uint64_t kb_stat_get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* Creates and maps a page for writing at `path`. Returns 0, or -1 with kb_err. */
int kb_stats_create(struct kb_stats **out, const char *path, uint32_t queues);

/* Maps an existing page read-only after checking magic, version and size. 0, or -1 with kb_err. */
int kb_stats_attach(const struct kb_stats **out, const char *path);

void kb_stats_unmap(const struct kb_stats *stats);

/* Sum of one cause over all queues, from both the queue threads and the device. */
uint64_t kb_stats_cause(const struct kb_stats *stats, enum kb_cause cause);

#endif
