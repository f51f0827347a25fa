/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_KERNEL_LEDGER_H
#define KB_KERNEL_LEDGER_H

#include <stdint.h>

#include "kb/stats.h"
#include "netdev.h"

/*
 * From the counters of the network device to causes. Pure: readings in, the page out. It is opened
 * with the first reading as `last`: what the counters already hold is no loss of ours.
 */
struct kb_kernel_ledger {
	struct kb_netdev_counters last;
	struct kb_netdev_counters sum;
	uint64_t dropped_elsewhere; /* of sum.rx_dropped: has its cause already */
};

/*
 * cause[]: of queue 0. These losses happen before the sockets, so no datagram is both here and in
 * socket_overflow. dropped_elsewhere: how many more of the frames that the device counts as dropped
 * have a cause already. It must be read after `now`, else they look like losses in between.
 */
void kb_kernel_book(struct kb_kernel_ledger *l, const struct kb_netdev_counters *now,
		    uint64_t dropped_elsewhere, uint64_t cause[KB_CAUSES]);

#endif
