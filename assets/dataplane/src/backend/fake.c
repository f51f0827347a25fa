// SPDX-License-Identifier: Apache-2.0
#include "fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/backend.h"
#include "kb/error.h"
#include "kb/parse.h"
#include "kb/clock.h"
#include "kb/tap.h"

struct kb_fake kb_fake;

const struct kb_backend_info kb_backend_info = {
	.program = "kb-fake",
	.use = KB_USE_SOCKET,
	.planes = 1u << KB_PLANE_KERNEL,
};

struct kb_queue {
	const struct kb_flows *flows;
	struct kb_queue_stats *stats;
	uint8_t **copy; /* each frame in a block of its own size: a read past its end is caught */
	uint32_t next;
	uint32_t played;
	uint32_t idle;
	uint32_t burst; /* frames of the last burst, not yet released */
	const void *last[1024];
};

struct kb_backend {
	struct kb_queue queue;
};

int kb_backend_open(struct kb_backend **out, const struct kb_config *cfg, struct kb_stats *stats)
{
	struct kb_backend *const be = calloc(1, sizeof(*be));

	if (!be)
		return kb_err_set(KB_EXIT_RETRY, errno, "allocate fake back-end");
	be->queue.flows = &cfg->flows;
	be->queue.stats = &stats->queue[0];
	be->queue.copy = calloc(kb_fake.n + 1, sizeof(*be->queue.copy));
	if (!be->queue.copy) {
		free(be);
		return kb_err_set(KB_EXIT_RETRY, errno, "allocate fake frames");
	}
	for (uint32_t i = 0; i < kb_fake.n; i++) {
		be->queue.copy[i] = malloc(kb_fake.frames[i].len);
		if (be->queue.copy[i])
			memcpy(be->queue.copy[i], kb_fake.frames[i].bytes, kb_fake.frames[i].len);
	}
	snprintf(stats->driver, sizeof(stats->driver), "fake");
	*out = be;
	return 0;
}

struct kb_queue *kb_backend_queue(struct kb_backend *be, uint32_t i)
{
	(void)i;
	return &be->queue;
}

int kb_queue_attach(struct kb_queue *q)
{
	(void)q;
	return 0;
}

/* The next frame of the script, or -1 when it is over. */
static int64_t advance(struct kb_queue *q)
{
	const uint32_t repeat = kb_fake.repeat ? kb_fake.repeat : 1;

	if (q->next == kb_fake.n) {
		q->next = 0;
		q->played++;
	}
	if (q->played == repeat || kb_fake.n == 0)
		return -1;
	return q->next++;
}

static bool take(struct kb_queue *q, uint32_t frame, struct kb_pkt *pkt)
{
	int cause = kb_parse_udp(q->copy[frame], kb_fake.frames[frame].len, pkt);

	if (cause == KB_PARSE_OK && !kb_flows_match(q->flows, pkt->dst_addr, pkt->dst_port))
		cause = KB_CAUSE_NO_FLOW;
	if (cause != KB_PARSE_OK) {
		kb_stat_add(&q->stats->cause[cause], 1);
		return false;
	}
	pkt->rx_ns = kb_fake.frames[frame].rx_ns;
	pkt->frame = q->copy[frame];
	pkt->queue = 0;
	return true;
}

/* For an attached kb-dump: as the real ones, but only what is delivered. */
static __attribute__((noinline, cold)) void tap(const struct kb_pkt *v, uint32_t n)
{
	struct kb_tap *const t = kb_tap_begin(0);
	const uint64_t now_ns = kb_now_ns();

	if (!t)
		return;
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *const frame = v[i].frame;
		const uint32_t len = (uint32_t)(v[i].payload - frame) + v[i].len;

		kb_tap_frame(t, frame, len, len, now_ns, KB_TAP_DELIVERED);
	}
	kb_tap_end(t);
}

uint32_t kb_rx_burst(struct kb_queue *q, struct kb_pkt *v, uint32_t max, struct kb_burst *b)
{
	const uint32_t most = kb_fake.per_poll && kb_fake.per_poll < max ? kb_fake.per_poll : max;
	uint32_t n = 0;

	*b = (struct kb_burst){.polled_ns = kb_now_ns()};
	kb_fake.polls++;
	if (q->idle) {
		q->idle--;
		return 0;
	}
	while (n < most) {
		const int64_t frame = advance(q);

		if (frame < 0) {
			if (kb_fake.stop)
				atomic_store_explicit(kb_fake.stop, true, memory_order_relaxed);
			break;
		}
		if (take(q, (uint32_t)frame, &v[n])) {
			b->bytes += v[n].len;
			b->stamped |= v[n].rx_ns != 0;
			v[n].rx_ns = v[n].rx_ns ? v[n].rx_ns : b->polled_ns;
			q->last[n] = v[n].frame;
			n++;
		}
	}
	if (n && kb_tap_wanted(0))
		tap(v, n);
	q->burst = n;
	q->idle = n ? kb_fake.idle_between : 0;
	kb_fake.given += n;
	return n;
}

void kb_rx_release(struct kb_queue *q, const struct kb_pkt *v, uint32_t n)
{
	if (n != q->burst)
		kb_fake.wrong++;
	for (uint32_t i = 0; i < n; i++) {
		if (i < q->burst && v[i].frame == q->last[i])
			kb_fake.released++;
		else
			kb_fake.wrong++;
	}
	q->burst = 0;
}

uint32_t kb_tx_burst(struct kb_queue *q, const struct kb_tx *v, uint32_t n)
{
	(void)v;
	kb_fake.sent += n;
	kb_stat_add(&q->stats->sent, n);
	return n;
}

int kb_backend_housekeep(struct kb_backend *be)
{
	(void)be;
	return 0;
}

void kb_backend_close(struct kb_backend *be)
{
	if (!be)
		return;
	for (uint32_t i = 0; i < kb_fake.n; i++)
		free(be->queue.copy[i]);
	free(be->queue.copy);
	free(be);
}
