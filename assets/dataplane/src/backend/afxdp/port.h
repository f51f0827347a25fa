/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_AFXDP_PORT_H
#define KB_AFXDP_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include "kb/backend.h"
#include "kb/bpf.h"
#include "kb/wanted.h"
#include "groups.h"
#include "kernel_arp.h"
#include "ledger.h"
#include "netdev.h"
#include "port_watch.h"
#include "xsk.h"

/* An interface with its XDP program and a socket for each queue: what the back-end's parts share.
 */

#define KB_PORT_CHECK_NS 1000000000ull /* how often to look at what costs more than a counter */

struct kb_queue {
	struct kb_xsk xsk;
	struct kb_queue_stats *stats;
	struct kb_backend *be;
	uint32_t poll_mode;
	uint16_t index;
	struct kb_wanted wanted;
} __attribute__((aligned(64)));

struct kb_backend {
	struct kb_config cfg;
	struct kb_stats *stats;
	struct kb_netdev dev;
	struct kb_redirect *redirect;
	uint32_t open_queues;
	struct kb_groups groups;

	/* sending */
	struct kb_kernel_arp arp;
	uint32_t addr;	  /* ours, network byte order, 0 = none: nothing can be sent */
	uint32_t netmask; /* network byte order */
	bool has_gateway_mac;

	/* the ledger */
	struct kb_afxdp_mode mode;
	/* ethtool -S: the allowances, then a counter of failed redirects for each queue */
	int32_t ethtool_index[KB_ALLOWANCES + KB_MAX_QUEUES];
	uint64_t allowance_last[KB_ALLOWANCES]; /* published up to here */
	uint64_t allowance[KB_ALLOWANCES];
	struct kb_afxdp_books books;
	struct kb_afxdp_reading now;

	uint64_t ethtool_ns;
	uint64_t checked_ns;
	struct kb_port_watch watch;

	struct kb_queue queue[];
};

/* Takes the readings that all later ones are compared with. Returns 0, or -1 with kb_err. */
int kb_port_open_books(struct kb_backend *be);

#endif
