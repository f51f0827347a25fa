/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_AFXDP_LEDGER_H
#define KB_AFXDP_LEDGER_H

#include <linux/if_xdp.h>
#include <stdbool.h>
#include <stdint.h>
#include "kb/bpf.h"
#include "kb/stats.h"
#include "netdev.h"

/*
 * From the counters of driver, XDP program and AF_XDP sockets to causes, each packet once although
 * several of them count it. Pure: readings in, causes out.
 */

/*
 * A driver's own counter of frames whose redirect failed. It counts what the socket refused too (RX
 * ring full, fill ring empty), so only the excess over the socket's counters is news.
 */
struct kb_redirect_errors {
	const char *driver;
	const char *format;  /* the name in ethtool -S, with the queue's number */
	enum kb_cause cause; /* what the excess is */
	bool in_rx_dropped;  /* the driver adds it to rx_dropped, which then says nothing new */
};

/* The counter that `driver` keeps in native mode, or NULL. */
const struct kb_redirect_errors *kb_redirect_errors_of(const char *driver, bool native);

struct kb_afxdp_reading {
	struct kb_netdev_counters nic;
	struct kb_filter_counts verdicts;
	uint64_t redirect_errors[KB_MAX_QUEUES];
	struct xdp_statistics socket[KB_MAX_QUEUES];
};

struct kb_afxdp_mode {
	uint32_t queues;
	bool zero_copy;
	const struct kb_redirect_errors *redirect_errors; /* or NULL */
};

/*
 * What happened between two readings. `now` must have read the driver before the sockets, else a
 * packet refused in between looks like one that only the driver lost.
 */
void kb_afxdp_book(struct kb_device_stats *queue, const struct kb_afxdp_mode *mode,
		   const struct kb_afxdp_reading *since, const struct kb_afxdp_reading *now);

#endif
