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

/* Where a driver counts a redirect that failed, which the socket has counted already. */
struct kb_redirect_errors {
	const char *driver;
	bool in_rx_dropped; /* of the network device */
	const char *format; /* a counter of ethtool -S, with the queue's number; NULL = none */
};

/* NULL when it counts them nowhere. Only native XDP runs in the driver. */
const struct kb_redirect_errors *kb_redirect_errors_of(const char *driver, bool native);

struct kb_afxdp_reading {
	struct kb_netdev_counters nic;
	struct kb_filter_counts verdicts;
	uint64_t redirect_errors[KB_MAX_QUEUES]; /* the counter of `format` */
	struct xdp_statistics socket[KB_MAX_QUEUES];
};

/* What is in force. */
struct kb_afxdp_mode {
	uint32_t queues;
	bool zero_copy;
	const struct kb_redirect_errors *redirect_errors; /* or NULL */
};

/*
 * All that happened since the first reading, which is `last` when the books are opened and `sum` is
 * zero. Summed up counter by counter: the device's may start again from 0, and only sums can be set
 * against each other.
 */
struct kb_afxdp_books {
	struct kb_afxdp_reading last;
	struct kb_afxdp_reading sum;
};

/*
 * `now` must have read the device before the sockets, else a packet refused in between looks like
 * one that only the device lost.
 */
void kb_afxdp_book(struct kb_device_stats *queue, const struct kb_afxdp_mode *mode,
		   struct kb_afxdp_books *books, const struct kb_afxdp_reading *now);

#endif
