// SPDX-License-Identifier: Apache-2.0
#include "afxdp_ledger.h"

#include <string.h>

/*
 * Which counter moves for which loss, seen on Linux 6.18 with one socket and copy mode:
 *
 *                               XDP_STATISTICS            driver's own      rx_dropped (netdev)
 *   RX ring full       native   rx_ring_full              veth drops        yes (veth)
 *                      generic  rx_ring_full              -                 no
 *   fill ring empty    native   rx_fill_ring_empty_descs  veth drops        yes (veth)
 *                               and rx_dropped
 *                      generic  the same                  -                 no
 *   frame > chunk               rx_dropped                veth drops        yes (veth)
 *   XDP_DROP                    -                         veth xdp_drops    no
 *   peer's ring full   native   nothing here: the sender's tx_dropped
 *   backlog full       generic  -                         -                 yes
 *
 * ena counts failed redirects as queue_N_rx_xdp_aborted, not in rx_dropped.
 */
static const struct kb_redirect_errors known[] = {
	{"veth", "rx_queue_%u_drops", KB_CAUSE_NIC_DROPPED, true},
	{"ena", "queue_%u_rx_xdp_aborted", KB_CAUSE_XDP_ABORTED, false},
};

const struct kb_redirect_errors *kb_redirect_errors_of(const char *driver, bool native)
{
	for (uint32_t i = 0; native && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].driver, driver) == 0)
			return &known[i];
	return NULL;
}

static uint64_t excess(uint64_t n, uint64_t over)
{
	return n > over ? n - over : 0;
}

static void book_socket(uint64_t cause[KB_CAUSES], const struct xdp_statistics *since,
			const struct xdp_statistics *now, bool zero_copy)
{
	const uint64_t dropped = now->rx_dropped - since->rx_dropped;
	const uint64_t empty = now->rx_fill_ring_empty_descs - since->rx_fill_ring_empty_descs;

	cause[KB_CAUSE_XSK_RX_FULL] += now->rx_ring_full - since->rx_ring_full;
	/*
	 * Copying, each packet that finds no frame counts in both. With zero-copy the driver takes
	 * frames ahead of packets: an empty ring then loses none by itself, and when the device
	 * runs out of descriptors the device counts it (nic_overrun).
	 */
	const uint64_t no_frame = zero_copy ? 0 : empty < dropped ? empty : dropped;
	cause[KB_CAUSE_XSK_FILL_EMPTY] += no_frame;
	cause[KB_CAUSE_XSK_DROPPED] += dropped - no_frame;
}

static void book_nic(uint64_t cause[KB_CAUSES], const struct kb_netdev_counters *since,
		     const struct kb_netdev_counters *now, bool dropped_is_known)
{
	const uint64_t overrun = now->rx_over_errors - since->rx_over_errors +
				 now->rx_missed_errors - since->rx_missed_errors;

	cause[KB_CAUSE_NIC_OVERRUN] += overrun;
	/* ena adds overruns to rx_errors. */
	cause[KB_CAUSE_NIC_ERROR] += excess(now->rx_errors - since->rx_errors, overrun);
	if (!dropped_is_known)
		cause[KB_CAUSE_NIC_DROPPED] += now->rx_dropped - since->rx_dropped;
}

void kb_afxdp_book(struct kb_device_stats *queue, const struct kb_afxdp_mode *mode,
		   const struct kb_afxdp_reading *since, const struct kb_afxdp_reading *now)
{
	const struct kb_redirect_errors *const errors = mode->redirect_errors;

	for (uint32_t q = 0; q < mode->queues; q++) {
		uint64_t cause[KB_CAUSES] = {0};

		if (q == 0) {
			book_nic(cause, &since->nic, &now->nic, errors && errors->in_rx_dropped);
			kb_counts_book(cause, &now->verdicts, &since->verdicts);
		}
		book_socket(cause, &since->socket[q], &now->socket[q], mode->zero_copy);
		if (errors)
			cause[errors->cause] += excess(
				now->redirect_errors[q] - since->redirect_errors[q],
				cause[KB_CAUSE_XSK_RX_FULL] + cause[KB_CAUSE_XSK_FILL_EMPTY] +
					cause[KB_CAUSE_XSK_DROPPED]);
		/* An excess may shrink as the socket's counters catch up; the page only grows. */
		for (uint32_t i = 0; i < KB_CAUSES; i++)
			if (cause[i] > kb_stat_get(&queue[q].cause[i]))
				kb_stat_set(&queue[q].cause[i], cause[i]);
	}
}
