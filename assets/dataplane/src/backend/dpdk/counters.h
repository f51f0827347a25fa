/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DPDK_COUNTERS_H
#define KB_DPDK_COUNTERS_H

#include <rte_ethdev.h>

#include "kb/stats.h"

/* What the device counts, turned into causes since the port was opened. */
struct kb_dpdk_counters {
	struct rte_eth_stats last;
	bool begun; /* `last` was read: a device that is being reset cannot answer */
	bool ena;
	uint64_t allowance_id[KB_ALLOWANCES]; /* xstats id; valid when has_allowance */
	uint64_t allowance_last[KB_ALLOWANCES];
	bool has_allowance;
	/*
	 * net_af_xdp (the lab) does not count frames that found its ring full; the interface below
	 * it counts them as dropped.
	 */
	int ifindex; /* 0 = no interface below that counts */
	uint64_t below_last;
};

/*
 * Takes what the device has counted until now as zero: nobody may have reset it since somebody else
 * had it.
 */
void kb_dpdk_counters_open(struct kb_dpdk_counters *c, uint16_t port,
			   const struct rte_eth_dev_info *info);

/* The part of kb_dpdk_counters_read() that a reading is enough for. Returns the overruns. */
uint64_t kb_dpdk_counters_book(struct kb_dpdk_counters *c, const struct rte_eth_stats *now,
			       uint64_t cause[KB_CAUSES]);

/*
 * Adds what came since into the stats page. ENA answers allowances by an admin command:
 * `allowances` says whether to ask this time.
 */
void kb_dpdk_counters_read(struct kb_dpdk_counters *c, uint16_t port, struct kb_stats *stats,
			   bool allowances);

#endif
