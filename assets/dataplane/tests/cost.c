// SPDX-License-Identifier: Apache-2.0
/*
 * cost PART N [BURST]: puts N datagrams through one part of a receiver, to have its instructions
 * counted. Everything is prepared for the largest N first, so that two runs with different N differ
 * by nothing but the datagrams: the slope is the price of one.
 *
 *   parse     the headers of a frame, and whether a flow wants it; of BURST streams in turn
 *   histogram one value recorded by itself
 *   loop      the receive loop, its statistics and the handler this is linked with, in bursts
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kb/backend.h"
#include "kb/fast_clock.h"
#include "kb/msg.h"
#include "kb/wanted.h"
#include "packets.h"
#include "rx_loop.h"

#define MOST	32768u
#define PAYLOAD 246u	 /* frames of 288 bytes */
#define AGE_NS	20000ull /* how long ago the messages were sent */

/* --- a back-end with nothing behind it: datagrams that are there already --- */

struct kb_queue {
	uint32_t next;
	uint32_t n;
	atomic_bool stop;
};

static uint8_t payload[MOST][PAYLOAD + 2];
static struct kb_pkt ready[MOST];

uint32_t kb_rx_burst(struct kb_queue *q, struct kb_pkt *v, uint32_t max, struct kb_burst *b)
{
	const uint32_t n = q->n - q->next < max ? q->n - q->next : max;

	*b = (struct kb_burst){.polled_ns = kb_fast_now_ns(), .bytes = n * PAYLOAD};

	memcpy(v, &ready[q->next], n * sizeof(*v));
	q->next += n;
	if (n == 0)
		atomic_store_explicit(&q->stop, true, memory_order_relaxed);
	return n;
}

void kb_rx_release(struct kb_queue *q, const struct kb_pkt *v, uint32_t n)
{
	(void)q;
	(void)v;
	(void)n;
}

uint32_t kb_tx_burst(struct kb_queue *q, const struct kb_tx *v, uint32_t n)
{
	(void)q;
	(void)v;
	return n;
}

static void prepare(void)
{
	const uint64_t sent_ns = kb_now_ns() - AGE_NS;

	/* Learned for good: how often it asks depends on how slowly the instructions are counted. */
	kb_fast_clock = (struct kb_fast_clock){.ns = kb_now_ns(), .scale = 1, .span = UINT64_MAX};

	for (uint32_t i = 0; i < MOST; i++) {
		const struct kb_msg msg = {.magic = htole32(KB_MSG_MAGIC),
					   .seq = htole64(i),
					   .scheduled_ns = htole64(sent_ns)};

		memcpy(payload[i], &msg, sizeof(msg));
		ready[i] = (struct kb_pkt){
			.payload = payload[i], .len = PAYLOAD, .dst_port = PACKET_PORT};
	}
}

/* --- the parts --- */

static int cost_parse(uint32_t n, uint32_t streams)
{
	static uint8_t frame[KB_MAX_FLOWS][PACKET_MAX];
	struct kb_flows flows = {.n = streams};
	struct kb_wanted seen;
	uint32_t len = 0;
	uint32_t wanted = 0;

	if (streams > KB_MAX_FLOWS)
		return 1;
	for (uint32_t i = 0; i < streams; i++) {
		const struct packet_spec spec = {.payload = PAYLOAD,
						 .dst_port = (uint16_t)(PACKET_PORT + i)};

		len = packet_build(frame[i], &spec);
		flows.flow[i] = (struct kb_flow){.port = (uint16_t)(PACKET_PORT + i)};
	}
	kb_wanted_init(&seen);
	for (uint32_t i = 0, next = 0; i < n; i++) {
		struct kb_pkt pkt;

		/* Each frame is a new one, whatever the compiler knows of the last. */
		__asm__ volatile("" : : "r"(frame) : "memory");
		wanted += kb_parse_wanted(&seen, &flows, frame[next], len, &pkt) == KB_PARSE_OK;
		__asm__ volatile("" : : "r"(&pkt) : "memory");
		next = next + 1 < streams ? next + 1 : 0;
	}
	return wanted == n ? 0 : 1;
}

static int cost_histogram(uint32_t n)
{
	struct kb_hist *const hist = calloc(1, sizeof(*hist));

	if (!hist)
		return 1;
	for (uint32_t i = 0; i < n; i++)
		kb_hist_record(hist, i * 97 & 0xfffff); /* nearly each in another bucket */
	const int failed = hist->total != n;

	free(hist);
	return failed;
}

static int cost_loop(uint32_t n, uint32_t burst_max)
{
	struct kb_queue queue = {.n = n};
	struct kb_queue_stats *const stats = aligned_alloc(64, sizeof(*stats));
	struct kb_pkt *const burst = calloc(burst_max, sizeof(*burst));
	struct kb_rx_loop loop = {.queue = &queue,
				  .stats = stats,
				  .burst = burst,
				  .burst_max = burst_max,
				  .idle_polls = 1024,
				  .stop = &queue.stop};
	char args[128];

	if (!stats || !burst)
		return 1;
	memset(stats, 0, sizeof(*stats));
	snprintf(args, sizeof(args), "path=/dev/shm/kb-cost-%d", getpid());
	const struct kb_handler_env env = {
		.queues = 1,
		.args = strcmp(kb_handler_info.name, "ring") == 0 ? args : "",
		.counters = stats->handler,
		.hist = &stats->own,
		.oneway = &stats->oneway,
		.gaps = &stats->gaps,
		.dropped = &stats->cause[KB_CAUSE_HANDLER],
		.unsent = &stats->unsent,
		.tx = &queue,
	};
	if (kb_handler_init(&loop.handler, &env))
		return 1;
	kb_rx_loop(&loop);
	kb_handler_fini(loop.handler);
	snprintf(args, sizeof(args), "/dev/shm/kb-cost-%d-0", getpid());
	unlink(args);
	const int failed = stats->received != n || stats->gaps != 0;

	free(stats);
	free(burst);
	return failed;
}

int main(int argc, char **argv)
{
	const uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	const uint32_t burst = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 32;

	if (n == 0 || n > MOST || burst == 0) {
		fprintf(stderr, "usage: %s parse|histogram|loop N [BURST], N up to %u\n", argv[0],
			MOST);
		return 2;
	}
	prepare();
	if (strcmp(argv[1], "parse") == 0)
		return cost_parse(n, burst);
	if (strcmp(argv[1], "histogram") == 0)
		return cost_histogram(n);
	return cost_loop(n, burst);
}
