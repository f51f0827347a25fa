/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DPDK_PORT_H
#define KB_DPDK_PORT_H

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include "kb/config.h"
#include "kb/stats.h"

/* The one port of this process, and what the device granted of the plan. */
struct kb_dpdk_port {
	uint16_t id;
	uint16_t queues;
	uint16_t rx_ring;
	uint16_t tx_ring;
	uint16_t mtu;	  /* read back */
	bool rss;	  /* the device spreads flows over the queues */
	bool tx_segments; /* it sends a frame from more than one buffer */
	struct rte_eth_dev_info info;
	struct rte_ether_addr mac;
	struct rte_mempool *pool[KB_MAX_QUEUES]; /* one per queue; NULL until made */
};

/* Finds the port. Returns 0, or -1 with kb_err unless there is exactly one. */
int kb_dpdk_port_find(struct kb_dpdk_port *p);

/* Whether the device can give what the plan asks for. Pure. Returns 0, or -1 with kb_err. */
int kb_dpdk_port_check(const struct rte_eth_dev_info *info, const struct kb_config *cfg);

/* Buffers of every queue, near the port. Returns 0, or -1 with kb_err. */
int kb_dpdk_port_pools(struct kb_dpdk_port *p, const struct kb_config *cfg);

/* Configures and starts: after opening, and again after a reset. Returns 0, or -1 with kb_err. */
int kb_dpdk_port_start(struct kb_dpdk_port *p, const struct kb_config *cfg);

/* Stops, closes, frees the buffers. */
void kb_dpdk_port_close(struct kb_dpdk_port *p);

#endif
