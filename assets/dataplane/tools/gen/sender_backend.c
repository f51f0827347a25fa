// SPDX-License-Identifier: Apache-2.0
/*
 * kb-gen over a receiver's back-end: whatever kb_tx_burst() can send through. The configuration is
 * made here from the command line; no KB_* variable and no stats file is involved.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/backend.h"
#include "kb/clock.h"
#include "kb/error.h"
#include "sender.h"

/*
 * What was taken may still stand in a ring when the last call returns: the device's, or shared
 * memory that the peer has not read. This long is thousands of ring lengths on any of them.
 */
#define DRAIN_NS 200000000ull
#define LINK_NS	 5000000000ull
#define BURST	 64u

struct kb_sender {
	const struct kb_gen_options *o;
	uint32_t unreached;  /* destinations no datagram has gone out to yet, a bit each */
	uint64_t unresolved; /* datagrams refused on the way to the first that went out */
	struct kb_config cfg;
	struct kb_backend *be;
	struct kb_queue *queue;
	struct kb_stats *stats;
	struct kb_pkt rx[BURST];
};

/* One queue; nothing is wanted, but what the port is asked must be answered. */
static void configure(struct kb_config *cfg, const struct kb_gen_options *o)
{
	cfg->plan_version = 1;
	cfg->plane = (uint32_t)__builtin_ctz(kb_backend_info.planes);
	cfg->queues = 1;
	cfg->mtu = o->size + 28 > 1500 ? o->size + 28 : 1500;
	cfg->rx_ring = 512; /* it hears little but ARP */
	cfg->tx_ring = 1024;
	cfg->frames = 4096;
	cfg->burst = BURST;
	cfg->unmatched = KB_UNMATCHED_PASS;
	cfg->zero_copy = KB_ZC_AUTO;
	cfg->addr = o->src_addr;
	if (o->has_dst_mac) {
		/* One next hop for everything: no address is on our own link. */
		cfg->prefix = 32;
		memcpy(cfg->gateway_mac, o->dst_mac, sizeof(cfg->gateway_mac));
	}
	snprintf(cfg->iface, sizeof(cfg->iface), "%s", o->iface ? o->iface : "");
	snprintf(cfg->pci, sizeof(cfg->pci), "%s", o->pci ? o->pci : "");
	snprintf(cfg->eal_args, sizeof(cfg->eal_args), "%s", o->eal ? o->eal : "");
}

/* A peer in shared memory may come after us; what is sent before it is there would only be late. */
static int wait_for_link(struct kb_sender *s)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	const uint64_t until = kb_clock_ns(CLOCK_MONOTONIC) + LINK_NS;
	while (strstr(s->stats->detail, "link=down")) {
		if (kb_clock_ns(CLOCK_MONOTONIC) > until)
			return kb_err_set(KB_EXIT_RETRY, 0, "the %s port has no link after 5 s",
					  s->stats->driver);
		nanosleep(&pause, NULL);
		if (kb_backend_housekeep(s->be) < 0)
			return -1;
	}
	return 0;
}

int kb_sender_open(struct kb_sender **out, const struct kb_gen_options *o)
{
	struct kb_sender *const s = calloc(1, sizeof(*s));
	*out = NULL;
	if (!s)
		return kb_err_set(KB_EXIT_RETRY, errno, "memory for the sender");
	s->o = o;
	s->unreached = (1u << o->n_to) - 1;
	/* A stats page in plain memory: the back-end counts, nobody else looks. */
	const size_t size = sizeof(*s->stats) + sizeof(s->stats->queue[0]);
	s->stats = aligned_alloc(64, (size + 63) / 64 * 64);
	if (!s->stats) {
		kb_err_set(KB_EXIT_RETRY, errno, "memory for the counters");
		goto undo_sender;
	}
	memset(s->stats, 0, size);
	s->stats->queues = 1;
	configure(&s->cfg, o);
	if (kb_backend_open(&s->be, &s->cfg, s->stats) < 0)
		goto undo_stats;
	if (wait_for_link(s) < 0)
		goto undo_backend;
	s->queue = kb_backend_queue(s->be, 0);
	*out = s;
	return 0;

undo_backend:
	kb_backend_close(s->be);
undo_stats:
	free(s->stats);
undo_sender:
	free(s);
	return -1;
}

int kb_sender_attach(struct kb_sender *s)
{
	return kb_queue_attach(s->queue);
}

static uint64_t refusals(const struct kb_sender *s)
{
	return kb_stat_get(&s->stats->queue[0].unsent);
}

/*
 * Until the next hop of a destination has answered ARP, the back-end refuses what goes there. That
 * is no loss yet: the datagram is kept, and offered again.
 */
static uint32_t send_first(struct kb_sender *s, const struct kb_tx *v, const uint16_t *flow,
			   uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t to = 1u << flow[i] / s->o->flows % s->o->n_to;
		const uint64_t before = refusals(s);
		if (kb_tx_burst(s->queue, &v[i], 1) == 0)
			return i;
		if (refusals(s) == before) {
			s->unreached &= ~to;
		} else if (s->unreached & to) {
			s->unresolved++;
			return i;
		}
	}
	return n;
}

uint32_t kb_sender_send(struct kb_sender *s, const struct kb_tx *v, const uint16_t *flow,
			uint32_t n)
{
	if (__builtin_expect(s->unreached != 0, 0))
		return send_first(s, v, flow, n);
	return kb_tx_burst(s->queue, v, n);
}

void kb_sender_idle(struct kb_sender *s)
{
	struct kb_burst b;
	const uint32_t n = kb_rx_burst(s->queue, s->rx, BURST, &b);
	if (n)
		kb_rx_release(s->queue, s->rx, n);
}

void kb_sender_drain(struct kb_sender *s)
{
	const uint64_t until = kb_clock_ns(CLOCK_MONOTONIC) + DRAIN_NS;
	while (kb_clock_ns(CLOCK_MONOTONIC) < until)
		kb_sender_idle(s);
}

uint64_t kb_sender_refused(const struct kb_sender *s)
{
	return refusals(s) - s->unresolved;
}

const uint64_t *kb_sender_malformed(const struct kb_sender *s)
{
	(void)s;
	return NULL;
}

const char *kb_sender_driver(const struct kb_sender *s)
{
	return s->stats->driver;
}

int kb_sender_housekeep(struct kb_sender *s)
{
	return kb_backend_housekeep(s->be);
}

void kb_sender_close(struct kb_sender *s)
{
	if (!s)
		return;
	kb_backend_close(s->be);
	free(s->stats);
	free(s);
}
