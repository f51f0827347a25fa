// SPDX-License-Identifier: Apache-2.0
#include "counters.h"

#include <string.h>

#include "netdev.h"

void kb_dpdk_counters_open(struct kb_dpdk_counters *c, uint16_t port)
{
	static const char *const names[KB_ALLOWANCES] = KB_ALLOWANCE_NAMES;
	memset(c, 0, sizeof(*c));
	rte_eth_stats_get(port, &c->last);
	c->has_allowance = true;
	for (uint32_t i = 0; i < KB_ALLOWANCES; i++)
		if (rte_eth_xstats_get_id_by_name(port, names[i], &c->allowance_id[i]))
			c->has_allowance = false; /* not ENA */
	if (c->has_allowance)
		rte_eth_xstats_get_by_id(port, c->allowance_id, c->allowance_last, KB_ALLOWANCES);
}

void kb_dpdk_counters_read(struct kb_dpdk_counters *c, uint16_t port, struct kb_stats *stats,
			   bool allowances)
{
	struct rte_eth_stats now;
	uint64_t *const cause = stats->device[0].cause;
	if (rte_eth_stats_get(port, &now) == 0) {
		kb_stat_add(&cause[KB_CAUSE_NIC_OVERRUN],
			    kb_counter_growth(&c->last.imissed, now.imissed));
		kb_stat_add(&cause[KB_CAUSE_NIC_ERROR],
			    kb_counter_growth(&c->last.ierrors, now.ierrors));
		kb_stat_add(&cause[KB_CAUSE_NIC_NO_BUFFER],
			    kb_counter_growth(&c->last.rx_nombuf, now.rx_nombuf));
	}
	uint64_t value[KB_ALLOWANCES];
	if (!allowances || !c->has_allowance ||
	    rte_eth_xstats_get_by_id(port, c->allowance_id, value, KB_ALLOWANCES) != KB_ALLOWANCES)
		return;
	for (uint32_t i = 0; i < KB_ALLOWANCES; i++)
		kb_stat_add(&stats->allowance[i],
			    kb_counter_growth(&c->allowance_last[i], value[i]));
}
