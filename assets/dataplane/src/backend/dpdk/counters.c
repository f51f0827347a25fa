// SPDX-License-Identifier: Apache-2.0
#include "counters.h"

#include <string.h>

#include "netdev.h"

static uint64_t dropped_below(const struct kb_dpdk_counters *c)
{
	struct kb_netdev_counters now;
	/* A failed reading is no growth: that the port is gone shows elsewhere. */
	return kb_netdev_counters(&now, c->ifindex) == 0 ? now.rx_dropped : c->below_last;
}

void kb_dpdk_counters_open(struct kb_dpdk_counters *c, uint16_t port,
			   const struct rte_eth_dev_info *info)
{
	static const char *const names[KB_ALLOWANCES] = KB_ALLOWANCE_NAMES;
	memset(c, 0, sizeof(*c));
	if (strcmp(info->driver_name, "net_af_xdp") == 0) {
		c->ifindex = (int)info->if_index;
		c->below_last = dropped_below(c);
	}
	c->begun = rte_eth_stats_get(port, &c->last) == 0;
	c->ena = strcmp(info->driver_name, "net_ena") == 0;
	if (!c->ena)
		return;
	for (uint32_t i = 0; i < KB_ALLOWANCES; i++)
		if (rte_eth_xstats_get_id_by_name(port, names[i], &c->allowance_id[i]))
			return; /* a release whose driver lacks one */
	c->has_allowance = rte_eth_xstats_get_by_id(port, c->allowance_id, c->allowance_last,
						    KB_ALLOWANCES) == KB_ALLOWANCES;
}

uint64_t kb_dpdk_counters_book(struct kb_dpdk_counters *c, const struct rte_eth_stats *now,
			       uint64_t cause[KB_CAUSES])
{
	const uint64_t overrun = kb_counter_growth(c->last.imissed, now->imissed);
	kb_stat_add(&cause[KB_CAUSE_NIC_OVERRUN], overrun);
	/*
	 * net_ena's ierrors are the frames with a bad checksum, which it hands on: their queue
	 * books them, by what they are. Its rx_nombuf are the polls that could not refill its ring,
	 * each one again; what is lost until one can is in imissed.
	 */
	if (!c->ena) {
		kb_stat_add(&cause[KB_CAUSE_NIC_ERROR],
			    kb_counter_growth(c->last.ierrors, now->ierrors));
		kb_stat_add(&cause[KB_CAUSE_NIC_NO_BUFFER],
			    kb_counter_growth(c->last.rx_nombuf, now->rx_nombuf));
	}
	c->last = *now;
	return overrun;
}

void kb_dpdk_counters_read(struct kb_dpdk_counters *c, uint16_t port, struct kb_stats *stats,
			   bool allowances)
{
	struct rte_eth_stats now;
	uint64_t *const cause = stats->device[0].cause;
	uint64_t overrun = 0;
	if (rte_eth_stats_get(port, &now) == 0) {
		if (!c->begun)
			c->last = now;
		c->begun = true;
		overrun = kb_dpdk_counters_book(c, &now, cause);
	}
	if (c->ifindex) {
		const uint64_t below_now = dropped_below(c);
		const uint64_t below = kb_counter_growth(c->below_last, below_now);
		c->below_last = below_now;
		/* What the driver does count, the interface has counted too. */
		kb_stat_add(&cause[KB_CAUSE_NIC_DROPPED], below > overrun ? below - overrun : 0);
	}
	uint64_t value[KB_ALLOWANCES];
	if (!allowances || !c->has_allowance ||
	    rte_eth_xstats_get_by_id(port, c->allowance_id, value, KB_ALLOWANCES) != KB_ALLOWANCES)
		return;
	kb_counters_publish(stats->allowance, c->allowance_last, value, KB_ALLOWANCES);
}
