// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

static uint64_t excess(uint64_t n, uint64_t over)
{
	return n > over ? n - over : 0;
}

/* An excess may shrink as the counters it is over catch up; the page only grows. */
static void raise(uint64_t *cause, uint64_t n)
{
	if (n > kb_stat_get(cause))
		kb_stat_set(cause, n);
}

void kb_kernel_book(struct kb_kernel_ledger *l, const struct kb_netdev_counters *now,
		    uint64_t dropped_elsewhere, uint64_t cause[KB_CAUSES])
{
	const struct kb_netdev_counters *const sum = &l->sum;

	kb_netdev_counters_grow(&l->sum, &l->last, now);
	l->dropped_elsewhere += dropped_elsewhere;
	const uint64_t over = sum->rx_over_errors;
	const uint64_t missed = sum->rx_missed_errors;
	/* Drivers count a full ring as the one or the other; one that counts both means the same
	 * frames. */
	raise(&cause[KB_CAUSE_NIC_OVERRUN], over > missed ? over : missed);
	/* ENA counts overruns in rx_errors too. */
	raise(&cause[KB_CAUSE_NIC_ERROR], excess(sum->rx_errors, over));
	raise(&cause[KB_CAUSE_NIC_DROPPED], excess(sum->rx_dropped, l->dropped_elsewhere));
}
