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

static void add(struct kb_afxdp_reading *sum, struct kb_afxdp_reading *last,
		const struct kb_afxdp_reading *now, uint32_t queues)
{
	kb_netdev_counters_grow(&sum->nic, &last->nic, &now->nic);
	for (uint32_t q = 0; q < queues; q++) {
		struct xdp_statistics *const s = &sum->socket[q];
		const struct xdp_statistics *const before = &last->socket[q];
		const struct xdp_statistics *const after = &now->socket[q];

		sum->redirect_errors[q] +=
			kb_counter_growth(last->redirect_errors[q], now->redirect_errors[q]);
		last->redirect_errors[q] = now->redirect_errors[q];
		/* The sockets and the program are ours: their counters never start again. */
		s->rx_ring_full += after->rx_ring_full - before->rx_ring_full;
		s->rx_dropped += after->rx_dropped - before->rx_dropped;
		s->rx_fill_ring_empty_descs +=
			after->rx_fill_ring_empty_descs - before->rx_fill_ring_empty_descs;
		last->socket[q] = *after;
	}
	for (uint32_t i = 0; i < KB_VERDICTS; i++)
		sum->verdicts.verdict[i] += now->verdicts.verdict[i] - last->verdicts.verdict[i];
	last->verdicts = now->verdicts;
}

/* Returns the packets that the socket refused. */
static uint64_t book_socket(uint64_t cause[KB_CAUSES], const struct xdp_statistics *s,
			    bool zero_copy)
{
	/*
	 * Copying, each packet that finds no frame counts in both. With zero-copy the driver takes
	 * frames ahead of packets: an empty ring then loses none by itself, and when the device
	 * runs out of descriptors the device counts it (nic_overrun).
	 */
	const uint64_t empty = zero_copy ? 0 : s->rx_fill_ring_empty_descs;
	const uint64_t no_frame = empty < s->rx_dropped ? empty : s->rx_dropped;

	cause[KB_CAUSE_XSK_RX_FULL] += s->rx_ring_full;
	cause[KB_CAUSE_XSK_FILL_EMPTY] += no_frame;
	cause[KB_CAUSE_XSK_DROPPED] += s->rx_dropped - no_frame;
	return s->rx_ring_full + s->rx_dropped;
}

static void book_nic(uint64_t cause[KB_CAUSES], const struct kb_netdev_counters *nic,
		     uint64_t dropped_elsewhere)
{
	const uint64_t overrun = nic->rx_over_errors + nic->rx_missed_errors;

	cause[KB_CAUSE_NIC_OVERRUN] += overrun;
	/* ena adds overruns to rx_errors. */
	cause[KB_CAUSE_NIC_ERROR] += excess(nic->rx_errors, overrun);
	cause[KB_CAUSE_NIC_DROPPED] += excess(nic->rx_dropped, dropped_elsewhere);
}

/* An excess may shrink as the counters it is over catch up; the page only grows. */
static void publish(struct kb_device_stats *queue, const uint64_t cause[KB_CAUSES])
{
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		if (cause[i] > kb_stat_get(&queue->cause[i]))
			kb_stat_set(&queue->cause[i], cause[i]);
}

void kb_afxdp_book(struct kb_device_stats *queue, const struct kb_afxdp_mode *mode,
		   struct kb_afxdp_books *books, const struct kb_afxdp_reading *now)
{
	static const struct kb_filter_counts none;
	const struct kb_redirect_errors *const errors = mode->redirect_errors;
	const struct kb_afxdp_reading *const sum = &books->sum;
	uint64_t port[KB_CAUSES] = {0}; /* published with queue 0 */
	uint64_t all_refused = 0;

	add(&books->sum, &books->last, now, mode->queues);
	for (uint32_t q = 0; q < mode->queues; q++) {
		uint64_t own[KB_CAUSES] = {0};
		uint64_t *const cause = q == 0 ? port : own;
		const uint64_t refused = book_socket(cause, &sum->socket[q], mode->zero_copy);

		if (errors && errors->format)
			cause[KB_CAUSE_XDP_ABORTED] += excess(sum->redirect_errors[q], refused);
		all_refused += refused;
		if (q > 0)
			publish(&queue[q], own);
	}
	kb_counts_book(port, &sum->verdicts, &none);
	book_nic(port, &sum->nic,
		 (errors && errors->in_rx_dropped ? all_refused : 0) +
			 sum->verdicts.verdict[KB_VERDICT_PASS_UNKNOWN_TYPE]);
	publish(&queue[0], port);
}
