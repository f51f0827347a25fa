// SPDX-License-Identifier: Apache-2.0
/*
 * Nanoseconds a datagram spends in our own code: parser, flow match, loop, default handler,
 * histograms and counters, without a wire. A benchmark (meson test --benchmark), never a test:
 * the machine decides the number. Prints the best of several rounds, as noise only adds; beside it
 * what the same costs while a kb-dump takes whole frames.
 */
#include <endian.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "kb/clock.h"
#include "kb/error.h"
#include "kb/msg.h"
#include "kb/tap.h"
#include "packets.h"
#include "rx_loop.h"

#define FRAMES	256u /* 288-byte messages: together they fit the L2 cache, as a fresh ring does */
#define MESSAGE 288u
#define REPEAT	2000u
#define ROUNDS	20
#define RING	(4u << 20) /* kb-dump's default */

static uint8_t bytes[FRAMES][PACKET_MAX];
static struct kb_fake_frame script[FRAMES];

static void write_script(void)
{
	for (uint32_t i = 0; i < FRAMES; i++) {
		const struct packet_spec spec = {.payload = MESSAGE};
		const struct kb_msg msg = {.magic = htole32(KB_MSG_MAGIC),
					   .seq = htole64(i),
					   .scheduled_ns = htole64(kb_now_ns())};
		const uint32_t len = packet_build(bytes[i], &spec);

		memcpy(bytes[i] + len - MESSAGE, &msg, sizeof(msg));
		script[i] = (struct kb_fake_frame){.bytes = bytes[i], .len = len};
	}
	kb_fake.frames = script;
	kb_fake.n = FRAMES;
	kb_fake.repeat = REPEAT;
}

/* Nanoseconds per datagram of one round. */
static double measure(uint32_t burst_max, struct kb_stats *page)
{
	struct kb_queue_stats *const q = &page->queue[0];
	struct kb_config cfg = {.queues = 1, .burst = burst_max};
	struct kb_pkt *const burst = calloc(burst_max, sizeof(*burst));
	const struct kb_handler_env env = {
		.queues = 1,
		.args = "",
		.counters = q->handler,
		.hist = &q->own,
		.oneway = &q->oneway,
		.gaps = &q->gaps,
		.dropped = &q->cause[KB_CAUSE_HANDLER],
	};
	atomic_bool stop = false;
	struct kb_rx_loop loop = {.stats = q,
				  .burst = burst,
				  .burst_max = burst_max,
				  .idle_polls = 1024,
				  .stop = &stop};
	struct kb_backend *be;

	cfg.flows = (struct kb_flows){.n = 1, .flow = {{.addr = 0, .port = PACKET_PORT}}};
	kb_fake.stop = &stop;
	if (!burst || kb_backend_open(&be, &cfg, page) || kb_handler_init(&loop.handler, &env))
		exit(1);
	loop.queue = kb_backend_queue(be, 0);
	const uint64_t begin = kb_clock_ns(CLOCK_MONOTONIC);
	kb_rx_loop(&loop);
	const uint64_t end = kb_clock_ns(CLOCK_MONOTONIC);
	kb_handler_fini(loop.handler);
	kb_backend_close(be);
	free(burst);
	return (double)(end - begin) / (FRAMES * REPEAT);
}

/* --- a kb-dump that keeps up: only what it costs the receiver is of interest --- */

static struct kb_tap_ring ring;
static atomic_bool reading;

static void *read_ring(void *arg)
{
	const struct timespec pause = {.tv_nsec = 50000};
	(void)arg;

	while (atomic_load(&reading)) {
		__atomic_store_n(&ring.tail, __atomic_load_n(&ring.head, __ATOMIC_ACQUIRE),
				 __ATOMIC_RELEASE);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void attach(uint8_t *data)
{
	memset(&ring, 0, sizeof(ring));
	kb_taps[0] = (struct kb_tap){.on = 1,
				     .ring = &ring,
				     .data = data,
				     .room = RING,
				     .mask = RING - 1,
				     .snaplen = 65535};
}

static void detach(void)
{
	kb_taps[0].on = 0;
}

static double best_of(uint32_t burst, struct kb_stats *page, size_t size, uint8_t *data)
{
	double best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		memset(page, 0, size);
		if (data)
			attach(data);
		const double ns = measure(burst, page);

		detach();
		best = ns < best ? ns : best;
	}
	return best;
}

int main(void)
{
	static const uint32_t bursts[] = {1, 8, 32, 64};
	const size_t size = sizeof(struct kb_stats) + sizeof(struct kb_queue_stats);
	struct kb_stats *const page = aligned_alloc(64, size);
	uint8_t *const data = aligned_alloc(4096, RING);
	pthread_t reader;
	cpu_set_t set;

	atomic_store(&reading, true);
	if (!data || pthread_create(&reader, NULL, read_ring, NULL))
		return 1;
	memset(data, 0, RING);
	/* Unpinned, the scheduler's moves are all one would see. */
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
	if (!page)
		return 1;
	write_script();
	for (size_t i = 0; i < sizeof(bursts) / sizeof(bursts[0]); i++) {
		const double alone = best_of(bursts[i], page, size, NULL);
		const double watched = best_of(bursts[i], page, size, data);

		printf("burst %2u: %5.1f ns per datagram, %5.1f with kb-dump attached (%.2f)\n",
		       bursts[i], alone, watched, watched / alone);
	}
	atomic_store(&reading, false);
	pthread_join(reader, NULL);
	printf("%lu of %lu frames found no room\n", (unsigned long)kb_taps[0].dropped,
	       (unsigned long)kb_taps[0].seen);
	free(data);
	free(page);
	return 0;
}
