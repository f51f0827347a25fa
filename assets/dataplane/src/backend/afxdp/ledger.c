// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include <string.h>

/*
 * Which counters move for which loss, measured on veth with Linux 6.18 in copy mode:
 *
 *   loss                          XDP_STATISTICS               rx_dropped of the device
 *   RX ring full                  rx_ring_full                 native: too
 *   fill ring empty               rx_fill_ring_empty_descs     native: too
 *                                  and rx_dropped
 *   XDP_DROP                      -                            -
 *   longer than the device's MTU  -                            yes
 *   passed, unknown EtherType     -                            yes
 *   generic: backlog full         -                            yes
 *   native: veth's ring full      -                            - (the sender's tx_dropped)
 *
 * ena counts failed redirects as queue_N_rx_xdp_aborted and not in rx_dropped.
 */
static const struct kb_redirect_errors known[] = {
	{.driver = "veth", .in_rx_dropped = true},
	{.driver = "ena", .format = "queue_%u_rx_xdp_aborted"},
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

/* Returns the packets that the socket refused. */
static uint64_t book_socket(uint64_t cause[KB_CAUSES], const struct xdp_statistics *since,
			    const struct xdp_statistics *now, bool zero_copy)
{
	const uint64_t full = now->rx_ring_full - since->rx_ring_full;
	const uint64_t dropped = now->rx_dropped - since->rx_dropped;
	const uint64_t empty = now->rx_fill_ring_empty_descs - since->rx_fill_ring_empty_descs;
	/*
	 * Copying, each packet that finds no frame counts in both. With zero-copy the driver takes
	 * frames ahead of packets: an empty ring then loses none by itself, and when the device
	 * runs out of descriptors the device counts it (nic_overrun).
	 */
	const uint64_t no_frame = zero_copy ? 0 : empty < dropped ? empty : dropped;

	cause[KB_CAUSE_XSK_RX_FULL] += full;
	cause[KB_CAUSE_XSK_FILL_EMPTY] += no_frame;
	cause[KB_CAUSE_XSK_DROPPED] += dropped - no_frame;
	return full + dropped;
}

static void book_nic(uint64_t cause[KB_CAUSES], const struct kb_netdev_counters *since,
		     const struct kb_netdev_counters *now, uint64_t dropped_elsewhere)
{
	const uint64_t overrun = now->rx_over_errors - since->rx_over_errors +
				 now->rx_missed_errors - since->rx_missed_errors;

	cause[KB_CAUSE_NIC_OVERRUN] += overrun;
	/* ena adds overruns to rx_errors. */
	cause[KB_CAUSE_NIC_ERROR] += excess(now->rx_errors - since->rx_errors, overrun);
	cause[KB_CAUSE_NIC_DROPPED] +=
		excess(now->rx_dropped - since->rx_dropped, dropped_elsewhere);
}

/* An excess may shrink as the counters it is over catch up; the page only grows. */
static void publish(struct kb_device_stats *queue, const uint64_t cause[KB_CAUSES])
{
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		if (cause[i] > kb_stat_get(&queue->cause[i]))
			kb_stat_set(&queue->cause[i], cause[i]);
}

void kb_afxdp_book(struct kb_device_stats *queue, const struct kb_afxdp_mode *mode,
		   const struct kb_afxdp_reading *since, const struct kb_afxdp_reading *now)
{
	const struct kb_redirect_errors *const errors = mode->redirect_errors;
	uint64_t port[KB_CAUSES] = {0}; /* published with queue 0 */
	uint64_t all_refused = 0;

	for (uint32_t q = 0; q < mode->queues; q++) {
		uint64_t own[KB_CAUSES] = {0};
		uint64_t *const cause = q == 0 ? port : own;
		const uint64_t refused =
			book_socket(cause, &since->socket[q], &now->socket[q], mode->zero_copy);

		if (errors && errors->format)
			cause[KB_CAUSE_XDP_ABORTED] += excess(
				now->redirect_errors[q] - since->redirect_errors[q], refused);
		all_refused += refused;
		if (q > 0)
			publish(&queue[q], own);
	}
	kb_counts_book(port, &now->verdicts, &since->verdicts);
	book_nic(port, &since->nic, &now->nic,
		 (errors && errors->in_rx_dropped ? all_refused : 0) +
			 now->verdicts.verdict[KB_VERDICT_PASS_UNKNOWN_TYPE] -
			 since->verdicts.verdict[KB_VERDICT_PASS_UNKNOWN_TYPE]);
	publish(&queue[0], port);
}
