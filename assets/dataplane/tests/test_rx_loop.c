// SPDX-License-Identifier: Apache-2.0
/* The hot loop between the fake back-end and a handler that remembers what it saw. */
#include "check.h"

#include <stdlib.h>

#include "fake.h"
#include "packets.h"
#include "rx_loop.h"

/* --- the handler --- */

struct kb_handler {
	uint64_t bursts;
	uint64_t packets;
	uint64_t bytes;
	uint64_t ticks;
	uint64_t last_now;
	uint64_t *refused;
	uint64_t unstamped;
	uint32_t largest;
	uint32_t refuse_every; /* 0 = none */
	bool in_burst;
	bool nested;
};

const struct kb_handler_info kb_handler_info = {
	.abi = KB_HANDLER_ABI, .name = "test", .counters = {NULL}};

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	(void)out;
	(void)env;
	return -1; /* the tests own the handler */
}

void kb_handler_on_burst(struct kb_handler *h, const struct kb_pkt *v, uint32_t n, uint64_t now_ns)
{
	h->nested = h->nested || h->in_burst;
	h->in_burst = true;
	h->bursts++;
	h->packets += n;
	h->largest = n > h->largest ? n : h->largest;
	h->last_now = now_ns;
	for (uint32_t i = 0; i < n; i++) {
		h->bytes += v[i].len;
		h->unstamped += v[i].rx_ns == 0;
		if (h->refuse_every && i % h->refuse_every == 0)
			kb_stat_add(h->refused, 1);
	}
	h->in_burst = false;
}

void kb_handler_tick(struct kb_handler *h, uint64_t now_ns)
{
	h->ticks++;
	h->last_now = now_ns;
}

void kb_handler_fini(struct kb_handler *h)
{
	(void)h;
}

/* --- one run --- */

#define FRAMES 100u

static struct kb_handler handler;
static struct kb_stats *page;
static uint8_t bytes[FRAMES][PACKET_MAX];
static struct kb_fake_frame script[FRAMES];

static int reset(void **state)
{
	(void)state;
	memset(&handler, 0, sizeof(handler));
	memset(&kb_fake, 0, sizeof(kb_fake));
	free(page);
	page = aligned_alloc(64, sizeof(*page) + sizeof(page->queue[0]));
	if (!page)
		return -1;
	memset(page, 0, sizeof(*page) + sizeof(page->queue[0]));
	page->queues = 1;
	return 0;
}

static int release(void **state)
{
	(void)state;
	free(page);
	page = NULL;
	return 0;
}

static void write_script(uint32_t n, const struct packet_spec *spec, uint64_t rx_ns)
{
	for (uint32_t i = 0; i < n; i++)
		script[i] = (struct kb_fake_frame){
			.bytes = bytes[i], .len = packet_build(bytes[i], spec), .rx_ns = rx_ns};
	kb_fake.frames = script;
	kb_fake.n = n;
}

static void run(uint32_t burst_max, uint32_t idle_polls)
{
	struct kb_config cfg = {.queues = 1, .burst = burst_max};
	struct kb_pkt *const burst = calloc(burst_max, sizeof(*burst));
	atomic_bool stop = false;
	struct kb_backend *be;

	cfg.flows = (struct kb_flows){.n = 1, .flow = {{.addr = 0, .port = PACKET_PORT}}};
	kb_fake.stop = &stop;
	assert_int_equal(kb_backend_open(&be, &cfg, page), 0);
	const struct kb_rx_loop loop = {
		.queue = kb_backend_queue(be, 0),
		.handler = &handler,
		.stats = &page->queue[0],
		.burst = burst,
		.burst_max = burst_max,
		.idle_polls = idle_polls,
		.stop = &stop,
	};
	kb_rx_loop(&loop);
	kb_backend_close(be);
	free(burst);

	/* Whatever else a run shows: every frame given was released, once, with its own burst. */
	assert_int_equal(kb_fake.released, kb_fake.given);
	assert_int_equal(kb_fake.wrong, 0);
	assert_false(handler.nested);
}

static void every_datagram_reaches_the_handler(void **state)
{
	const struct kb_queue_stats *const q = &page->queue[0];
	(void)state;

	write_script(FRAMES, &(struct packet_spec){.payload = 100}, 0);
	run(32, 1024);
	assert_int_equal(handler.packets, FRAMES);
	assert_int_equal(handler.bytes, FRAMES * 100);
	assert_int_equal(handler.largest, 32);
	assert_int_equal(q->received, FRAMES);
	assert_int_equal(q->bytes, FRAMES * 100);
	assert_int_equal(q->bursts, handler.bursts);
	assert_int_equal(q->bursts, (FRAMES + 31) / 32);
	assert_int_equal(q->receive.total, FRAMES);
}

static void a_burst_is_never_larger_than_asked(void **state)
{
	(void)state;
	write_script(FRAMES, &(struct packet_spec){0}, 0);
	run(1, 1024);
	assert_int_equal(handler.largest, 1);
	assert_int_equal(page->queue[0].bursts, FRAMES);
}

static void unstamped_datagrams_get_the_time_of_their_poll(void **state)
{
	(void)state;
	const uint64_t before = kb_now_ns();
	write_script(FRAMES, &(struct packet_spec){0}, 0);
	run(32, 1024);
	assert_int_equal(handler.unstamped, 0);
	/* From poll to after the handler: not negative, and no longer than the run. */
	assert_int_equal(page->queue[0].receive.negative, 0);
	assert_true(page->queue[0].receive.max <= kb_now_ns() - before);
}

static void stamped_datagrams_keep_their_stamp(void **state)
{
	const uint64_t age = 5000000000ull; /* arrived five seconds ago */
	(void)state;

	write_script(FRAMES, &(struct packet_spec){0}, kb_now_ns() - age);
	run(32, 1024);
	assert_int_equal(page->queue[0].receive.total, FRAMES);
	assert_true(kb_hist_quantile(&page->queue[0].receive, 0) >= age);
}

static void mixed_stamps_are_each_recorded(void **state)
{
	(void)state;
	write_script(FRAMES, &(struct packet_spec){0}, 0);
	const uint64_t now = kb_now_ns();
	for (uint32_t i = 0; i < FRAMES; i++)
		script[i].rx_ns = i % 3 ? now - 1000000000ull * (i % 3) : 0;
	run(32, 1024);
	const struct kb_hist *const h = &page->queue[0].receive;
	assert_int_equal(h->total, FRAMES);
	uint64_t recent = 0, one = 0, two = 0;
	for (uint32_t i = 0; i < KB_HIST_COUNTS; i++) {
		if (kb_hist_highest(i) < 1000000000ull)
			recent += h->counts[i];
		else if (kb_hist_highest(i) < 2000000000ull)
			one += h->counts[i];
		else
			two += h->counts[i];
	}
	assert_int_equal(recent, 34); /* 0, 3, ... 99 */
	assert_int_equal(one, 33);
	assert_int_equal(two, 33);
}

static void what_is_no_wanted_datagram_is_booked(void **state)
{
	uint64_t expected[KB_CAUSES] = {0};
	uint64_t delivered = 0;
	(void)state;

	assert_true(PACKET_CASES <= FRAMES);
	for (uint32_t i = 0; i < PACKET_CASES; i++) {
		const struct packet_case *const c = &packet_cases[i];

		script[i] = (struct kb_fake_frame){.bytes = bytes[i],
						   .len = packet_build(bytes[i], &c->spec)};
		if (c->expect != KB_PARSE_OK)
			expected[c->expect]++;
		else if (c->spec.dst_port) /* not PACKET_PORT */
			expected[KB_CAUSE_NO_FLOW]++;
		else
			delivered++;
	}
	kb_fake.frames = script;
	kb_fake.n = PACKET_CASES;
	run(8, 1024);
	assert_int_equal(page->queue[0].received, delivered);
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		if (page->queue[0].cause[i] != expected[i])
			fail_msg("%s: expected %u, got %u", kb_causes[i].name,
				 (unsigned)expected[i], (unsigned)page->queue[0].cause[i]);
}

static void what_the_handler_refuses_is_lost_and_not_received(void **state)
{
	const struct kb_queue_stats *const q = &page->queue[0];
	(void)state;

	handler.refused = &page->queue[0].cause[KB_CAUSE_HANDLER];
	handler.refuse_every = 4;
	write_script(FRAMES, &(struct packet_spec){0}, 0);
	run(32, 1024);
	assert_int_equal(handler.packets, FRAMES);
	assert_int_equal(q->cause[KB_CAUSE_HANDLER], FRAMES / 4);
	assert_int_equal(q->received, FRAMES - FRAMES / 4);
}

static void empty_polls_are_counted_and_ticked(void **state)
{
	(void)state;
	write_script(10, &(struct packet_spec){0}, 0);
	kb_fake.per_poll = 1;
	kb_fake.idle_between = 300000; /* several milliseconds of nothing */
	run(32, 1024);
	assert_int_equal(handler.packets, 10);
	assert_true(page->queue[0].polls > 9 * 300000);
	assert_true(page->queue[0].polls <= kb_fake.polls);
	assert_true(handler.ticks >= 2); /* while idle, and after the drain */
}

static void a_sleeping_queue_shows_each_poll(void **state)
{
	(void)state;
	write_script(1, &(struct packet_spec){0}, 0);
	kb_fake.per_poll = 1;
	kb_fake.idle_between = 10;
	run(32, 1);
	/* One with the frame, ten empty, one that ends the script; the drain's are not the loop's.
	 */
	assert_int_equal(page->queue[0].polls, 12);
}

static void a_stop_drains_what_has_arrived(void **state)
{
	struct kb_config cfg = {.queues = 1, .burst = 8};
	struct kb_pkt burst[8];
	atomic_bool stop = true; /* before the first poll */
	struct kb_backend *be;
	(void)state;

	cfg.flows = (struct kb_flows){.n = 1, .flow = {{.addr = 0, .port = PACKET_PORT}}};
	write_script(FRAMES, &(struct packet_spec){0}, 0);
	assert_int_equal(kb_backend_open(&be, &cfg, page), 0);
	const struct kb_rx_loop loop = {
		.queue = kb_backend_queue(be, 0),
		.handler = &handler,
		.stats = &page->queue[0],
		.burst = burst,
		.burst_max = 8,
		.idle_polls = 1024,
		.stop = &stop,
	};
	kb_rx_loop(&loop);
	kb_backend_close(be);
	assert_int_equal(handler.packets, FRAMES);
	assert_int_equal(kb_fake.released, FRAMES);
	assert_true(handler.ticks >= 1);
}

static void an_endless_feed_does_not_hold_up_a_stop(void **state)
{
	struct kb_config cfg = {.queues = 1, .burst = 8};
	struct kb_pkt burst[8];
	atomic_bool stop = true;
	struct kb_backend *be;
	(void)state;

	cfg.flows = (struct kb_flows){.n = 1, .flow = {{.addr = 0, .port = PACKET_PORT}}};
	write_script(FRAMES, &(struct packet_spec){0}, 0);
	kb_fake.repeat = UINT32_MAX;
	assert_int_equal(kb_backend_open(&be, &cfg, page), 0);
	const struct kb_rx_loop loop = {
		.queue = kb_backend_queue(be, 0),
		.handler = &handler,
		.stats = &page->queue[0],
		.burst = burst,
		.burst_max = 8,
		.idle_polls = 1024,
		.stop = &stop,
	};
	kb_rx_loop(&loop); /* returns */
	kb_backend_close(be);
	assert_int_equal(kb_fake.released, kb_fake.given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_datagram_reaches_the_handler, reset),
		cmocka_unit_test_setup(a_burst_is_never_larger_than_asked, reset),
		cmocka_unit_test_setup(unstamped_datagrams_get_the_time_of_their_poll, reset),
		cmocka_unit_test_setup(stamped_datagrams_keep_their_stamp, reset),
		cmocka_unit_test_setup(mixed_stamps_are_each_recorded, reset),
		cmocka_unit_test_setup(what_is_no_wanted_datagram_is_booked, reset),
		cmocka_unit_test_setup(what_the_handler_refuses_is_lost_and_not_received, reset),
		cmocka_unit_test_setup(empty_polls_are_counted_and_ticked, reset),
		cmocka_unit_test_setup(a_sleeping_queue_shows_each_poll, reset),
		cmocka_unit_test_setup(a_stop_drains_what_has_arrived, reset),
		cmocka_unit_test_setup(an_endless_feed_does_not_hold_up_a_stop, reset),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
