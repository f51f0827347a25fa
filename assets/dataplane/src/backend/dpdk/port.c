// SPDX-License-Identifier: Apache-2.0
#include "port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_version.h>

#include "kb/error.h"
#include "log.h"

/* Around an MTU's worth of bytes: Ethernet, two VLAN tags, FCS. */
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN + RTE_ETHER_CRC_LEN)

/* Buffers a queue's thread may keep for itself; DPDK wants pools of 1.5 caches at least. */
#define POOL_CACHE 256u

static int failed(const char *what, int error)
{
	return kb_err_set(KB_EXIT_RETRY, -error, "%s%s", what, kb_dpdk_log_reason());
}

int kb_dpdk_port_find(struct kb_dpdk_port *p)
{
	const uint16_t ports = rte_eth_dev_count_avail();
	if (ports == 0)
		return kb_err_set(KB_EXIT_RETRY, 0, "DPDK found no port%s", kb_dpdk_log_reason());
	if (ports > 1)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "DPDK found %u ports, a receiver drives one: narrow KB_EAL_ARGS",
				  ports);
	p->id = (uint16_t)rte_eth_find_next(0);
	int error = rte_eth_dev_info_get(p->id, &p->info);
	if (error)
		return failed("read the port's limits", error);
	error = rte_eth_macaddr_get(p->id, &p->mac);
	if (error)
		return failed("read the port's MAC", error);
	return 0;
}

/* Drivers that know no MTU leave the largest value there; then the frame length decides. */
static uint32_t largest_mtu(const struct rte_eth_dev_info *info)
{
	if (info->max_mtu != UINT16_MAX || info->max_rx_pktlen == 0)
		return info->max_mtu;
	const uint32_t header = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
	return RTE_MIN(info->max_rx_pktlen - header, (uint32_t)UINT16_MAX);
}

int kb_dpdk_port_check(const struct rte_eth_dev_info *info, const struct kb_config *cfg)
{
	const uint32_t queues = RTE_MIN(info->max_rx_queues, info->max_tx_queues);
	if (cfg->queues > queues)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "'KB_QUEUES' must be between 1 and %u on this %s port, got %u",
				  queues, info->driver_name, cfg->queues);
	const uint32_t mtu = largest_mtu(info);
	if (cfg->mtu < info->min_mtu || cfg->mtu > mtu)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "'KB_MTU' must be between %u and %u on this %s port, got %u",
				  info->min_mtu, mtu, info->driver_name, cfg->mtu);
	/* A frame that is sent by reference keeps the received one and takes two of its own. */
	const uint32_t per_tx = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS ? 3 : 1;
	/* Both rings full, a burst in the handler's hands, one being sent, and the cache. */
	const uint32_t frames = cfg->rx_ring + per_tx * cfg->tx_ring + 2 * cfg->burst + POOL_CACHE;
	if (cfg->frames < frames)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "'KB_FRAMES' must be at least %u for rings of %u and %u, got %u",
				  frames, cfg->rx_ring, cfg->tx_ring, cfg->frames);
	return 0;
}

/*
 * net_af_xdp shares as much memory with the kernel as the buffers take one behind the other. Where
 * DPDK begins a new page instead of letting one cross it, the last ones are beyond that, and the
 * kernel drops without a word what is sent from them. No address of a device is ever needed there.
 */
static struct rte_mempool *packed_pool(const char *name, uint32_t frames, uint16_t room, int node)
{
	struct rte_pktmbuf_pool_private sizes = {.mbuf_data_room_size = room};
	struct rte_mempool *const pool = rte_mempool_create_empty(
		name, frames, (uint32_t)sizeof(struct rte_mbuf) + room, POOL_CACHE, sizeof(sizes),
		node, RTE_MEMPOOL_F_NO_IOVA_CONTIG);

	if (!pool)
		return NULL;
	int result = rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL);
	if (result == 0) {
		rte_pktmbuf_pool_init(pool, &sizes);
		result = rte_mempool_populate_default(pool);
	}
	if (result < 0 || pool->nb_mem_chunks != 1) {
		rte_mempool_free(pool);
		rte_errno = result < 0 ? -result : ENOMEM;
		return NULL;
	}
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

int kb_dpdk_port_pools(struct kb_dpdk_port *p, const struct kb_config *cfg)
{
	/* One buffer holds the largest frame, so that no datagram ever spans two. */
	const uint32_t frame =
		RTE_MAX(cfg->mtu + FRAME_OVERHEAD, (uint32_t)RTE_MBUF_DEFAULT_DATAROOM);
	const uint32_t room = RTE_PKTMBUF_HEADROOM + RTE_ALIGN_CEIL(frame, RTE_CACHE_LINE_SIZE);
	const bool packed = strcmp(p->info.driver_name, "net_af_xdp") == 0;
	const int node = rte_eth_dev_socket_id(p->id);
	for (uint16_t i = 0; i < cfg->queues; i++) {
		char name[RTE_MEMPOOL_NAMESIZE];
		snprintf(name, sizeof(name), "kb-queue-%u", i);
		p->pool[i] = packed ? packed_pool(name, cfg->frames, (uint16_t)room, node)
				    : rte_pktmbuf_pool_create(name, cfg->frames, POOL_CACHE, 0,
							      (uint16_t)room, node);
		if (!p->pool[i])
			return kb_err_set(KB_EXIT_CONFIG, rte_errno,
					  "%u buffers of %u bytes for each of %u queues do not fit "
					  "the huge pages: raise KB_HUGEPAGES_PER_NODE or lower "
					  "'KB_FRAMES'",
					  cfg->frames, room, cfg->queues);
	}
	return 0;
}

static int set_mtu(struct kb_dpdk_port *p, const struct kb_config *cfg)
{
	const int error = rte_eth_dev_set_mtu(p->id, (uint16_t)cfg->mtu);
	if (error && error != -ENOTSUP) /* some lab drivers have a fixed one */
		return failed("set the MTU", error);
	rte_eth_dev_get_mtu(p->id, &p->mtu);
	if (p->mtu != cfg->mtu)
		return kb_err_set(KB_EXIT_CONFIG, 0, "'KB_MTU' is %u but the port stays at %u",
				  cfg->mtu, p->mtu);
	return 0;
}

/* Round robin over the queues in use. Drivers without a table spread in their own way. */
static int spread(const struct kb_dpdk_port *p)
{
	struct rte_eth_rss_reta_entry64 table[RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE];
	const uint16_t size = p->info.reta_size;
	if (size == 0 || size > RTE_ETH_RSS_RETA_SIZE_512)
		return 0;
	memset(table, 0, sizeof(table));
	for (uint16_t i = 0; i < size; i++) {
		struct rte_eth_rss_reta_entry64 *const group = &table[i / RTE_ETH_RETA_GROUP_SIZE];
		group->mask |= 1ull << i % RTE_ETH_RETA_GROUP_SIZE;
		group->reta[i % RTE_ETH_RETA_GROUP_SIZE] = i % p->queues;
	}
	const int error = rte_eth_dev_rss_reta_update(p->id, table, size);
	return error && error != -ENOTSUP ? failed("spread flows over the queues", error) : 0;
}

static int set_up_queues(const struct kb_dpdk_port *p, const struct rte_eth_conf *conf)
{
	struct rte_eth_rxconf rx = p->info.default_rxconf;
	struct rte_eth_txconf tx = p->info.default_txconf;
	rx.offloads = conf->rxmode.offloads;
	tx.offloads = conf->txmode.offloads;
	const int node = rte_eth_dev_socket_id(p->id);
	for (uint16_t i = 0; i < p->queues; i++) {
		int error = rte_eth_rx_queue_setup(p->id, i, p->rx_ring, (unsigned int)node, &rx,
						   p->pool[i]);
		if (error)
			return failed("set up an RX queue", error);
		error = rte_eth_tx_queue_setup(p->id, i, p->tx_ring, (unsigned int)node, &tx);
		if (error)
			return failed("set up a TX queue", error);
	}
	return 0;
}

/* Everyone's frames are wanted, and the NIC's filter is the VPC's. ENA knows neither mode. */
static void accept_all(const struct kb_dpdk_port *p)
{
	(void)!rte_eth_promiscuous_enable(p->id);
	(void)!rte_eth_allmulticast_enable(p->id);
}

int kb_dpdk_port_start(struct kb_dpdk_port *p, const struct kb_config *cfg)
{
	const uint64_t rx_wanted = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	/* A shared buffer must not be freed fast, by a driver that looks at no reference count. */
	p->tx_segments = (p->info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
	const uint64_t tx_wanted =
		p->tx_segments ? RTE_ETH_TX_OFFLOAD_MULTI_SEGS : RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	struct rte_eth_conf conf = {
		.rxmode = {.mtu = cfg->mtu, .offloads = p->info.rx_offload_capa & rx_wanted},
		.txmode = {.offloads = p->info.tx_offload_capa & tx_wanted},
		.intr_conf.lsc = (*p->info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0,
		.intr_conf.rmv = (*p->info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0,
	};
	p->queues = (uint16_t)cfg->queues;
	conf.rx_adv_conf.rss_conf.rss_hf =
		p->queues > 1 ? p->info.flow_type_rss_offloads & RTE_ETH_RSS_NONFRAG_IPV4_UDP : 0;
	p->rss = conf.rx_adv_conf.rss_conf.rss_hf != 0;
	if (p->rss)
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;

	int error = rte_eth_dev_configure(p->id, p->queues, p->queues, &conf);
	if (error)
		return failed("configure the port", error);
	p->rx_ring = (uint16_t)cfg->rx_ring;
	p->tx_ring = (uint16_t)cfg->tx_ring;
	error = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &p->rx_ring, &p->tx_ring);
	if (error)
		return failed("fit the rings to the port", error);
	if (set_mtu(p, cfg) < 0 || set_up_queues(p, &conf) < 0)
		return -1;
	error = rte_eth_dev_start(p->id);
	if (error)
		return failed("start the port", error);
	accept_all(p);
	return p->rss ? spread(p) : 0;
}

void kb_dpdk_port_close(struct kb_dpdk_port *p)
{
	(void)!rte_eth_dev_stop(p->id);
	(void)!rte_eth_dev_close(p->id);
	for (uint16_t i = 0; i < KB_MAX_QUEUES; i++) {
		rte_mempool_free(p->pool[i]);
		p->pool[i] = NULL;
	}
}
