// SPDX-License-Identifier: Apache-2.0
/* The default handler: what it makes of sequence numbers, against every kind of mishap. */
#include "check.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kb/handler.h"
#include "kb/msg.h"

#define SECOND 1000000000ull
#define WINDOW 4096u

enum counter { MESSAGES, OTHER, DUPLICATES, REORDERED, LATE, RESTARTS, UNTRACKED };

static struct {
	struct kb_handler *handler;
	uint64_t counters[KB_HANDLER_COUNTERS];
	uint64_t gaps;
	uint64_t dropped;
	struct kb_hist own;
	struct kb_hist oneway;
	uint64_t now;
} t;

static int start(void **state)
{
	const struct kb_handler_env env = {
		.queues = 1,
		.args = "",
		.counters = t.counters,
		.hist = &t.own,
		.oneway = &t.oneway,
		.gaps = &t.gaps,
		.dropped = &t.dropped,
	};
	(void)state;

	memset(&t, 0, sizeof(t));
	t.now = 1000 * SECOND;
	return kb_handler_init(&t.handler, &env);
}

static int finish(void **state)
{
	(void)state;
	kb_handler_fini(t.handler);
	t.handler = NULL;
	return 0;
}

static void message(uint16_t line, uint64_t seq, uint64_t scheduled_ns)
{
	const struct kb_msg msg = {.magic = htole32(KB_MSG_MAGIC),
				   .line = htole16(line),
				   .seq = htole64(seq),
				   .scheduled_ns = htole64(scheduled_ns)};
	const struct kb_pkt pkt = {.payload = (const uint8_t *)&msg, .len = sizeof(msg)};

	kb_handler_on_burst(t.handler, &pkt, 1, t.now);
}

/* As a sender would: message `seq` is due seq microseconds after the start. */
static void send(uint64_t seq)
{
	message(0, seq, 999 * SECOND + seq * 1000);
}

static void send_range(uint64_t first, uint64_t last)
{
	for (uint64_t seq = first; seq <= last; seq++)
		send(seq);
}

static void pass(uint64_t ns)
{
	for (uint64_t until = t.now + ns; t.now < until; t.now += 1000000)
		kb_handler_tick(t.handler, t.now);
}

static void in_order_has_no_gaps(void **state)
{
	(void)state;
	send_range(0, 3 * WINDOW);
	pass(2 * SECOND);
	assert_int_equal(t.gaps, 0);
	assert_int_equal(t.counters[MESSAGES], 3 * WINDOW + 1);
	assert_int_equal(t.oneway.total, 3 * WINDOW + 1);
}

static void missing_ones_are_gaps_after_a_while(void **state)
{
	(void)state;
	send_range(0, 9);
	send_range(13, 20); /* 10, 11, 12 */
	assert_int_equal(t.gaps, 0);
	pass(100000000); /* the device's counters are read meanwhile */
	assert_int_equal(t.gaps, 0);
	pass(SECOND);
	assert_int_equal(t.gaps, 3);
	send_range(21, 30);
	pass(SECOND);
	assert_int_equal(t.gaps, 3);
}

static void late_arrivals_fill_their_gap(void **state)
{
	(void)state;
	send_range(0, 9);
	send_range(13, 20);
	send(11);
	send(10);
	pass(SECOND);
	assert_int_equal(t.gaps, 1); /* 12 */
	assert_int_equal(t.counters[REORDERED], 2);
	send(12); /* too late: it has been counted */
	pass(SECOND);
	assert_int_equal(t.gaps, 1);
	assert_int_equal(t.counters[LATE], 1);
	assert_int_equal(t.counters[DUPLICATES], 0);
}

static void a_gap_counts_when_the_window_has_passed(void **state)
{
	(void)state;
	send(0);
	send_range(2, WINDOW); /* 1 is still open */
	assert_int_equal(t.gaps, 0);
	send(WINDOW + 1); /* the window is [2, WINDOW + 1] */
	assert_int_equal(t.gaps, 1);
}

static void a_hole_wider_than_the_window(void **state)
{
	(void)state;
	send_range(0, 99);
	send(1000000);
	pass(2 * SECOND);
	assert_int_equal(t.gaps, 1000000 - 100);
	send_range(1000001, 1000010);
	pass(2 * SECOND);
	assert_int_equal(t.gaps, 1000000 - 100);
}

static void every_width_of_hole_is_counted_exactly(void **state)
{
	for (uint64_t hole = 0; hole < 3 * WINDOW; hole += hole < 130 ? 1 : 61) {
		finish(state);
		start(state);
		send_range(0, 9);
		send_range(10 + hole, 30 + hole);
		pass(2 * SECOND);
		assert_int_equal(t.gaps, hole);
	}
}

static void duplicates_are_no_gaps(void **state)
{
	(void)state;
	send_range(0, 9);
	send_range(0, 9);
	pass(2 * SECOND);
	assert_int_equal(t.counters[DUPLICATES], 0 + 10);
	assert_int_equal(t.gaps, 0);
}

static void the_first_seen_is_where_counting_starts(void **state)
{
	(void)state;
	send_range(5000, 5009);
	send(4999); /* overtaken by the first */
	pass(2 * SECOND);
	assert_int_equal(t.gaps, 0);
	assert_int_equal(t.counters[LATE], 1);
}

static void a_sender_that_begins_anew(void **state)
{
	(void)state;
	send_range(0, 9);
	message(0, 0, 2000 * SECOND);
	for (uint64_t seq = 1; seq < 10; seq++)
		message(0, seq, 2000 * SECOND + seq);
	pass(2 * SECOND);
	assert_int_equal(t.counters[RESTARTS], 1);
	assert_int_equal(t.counters[DUPLICATES], 0);
	assert_int_equal(t.gaps, 0);
}

static void what_was_open_at_a_restart_is_a_gap(void **state)
{
	(void)state;
	send_range(0, 9);
	send(12);
	message(0, 0, 2000 * SECOND);
	assert_int_equal(t.gaps, 2);
}

static void a_wild_number_is_no_loss(void **state)
{
	(void)state;
	send_range(0, 9);
	message(0, INT64_MAX - 5, 2000 * SECOND);
	pass(2 * SECOND);
	assert_int_equal(t.gaps, 0);
	assert_int_equal(t.counters[RESTARTS], 1);
}

static void a_number_that_no_sender_reaches_is_no_message(void **state)
{
	(void)state;
	send_range(1000000000, 1000000009);
	message(0, UINT64_MAX, 2000 * SECOND);
	send_range(1000000010, 1000000019);
	pass(2 * SECOND);
	assert_int_equal(t.gaps, 0);
	assert_int_equal(t.counters[RESTARTS], 0);
	assert_int_equal(t.counters[OTHER], 1);
}

static void lines_are_apart(void **state)
{
	(void)state;
	for (uint64_t seq = 0; seq < 10; seq++)
		for (uint16_t line = 0; line < 16; line++)
			if (seq != line)
				message(line, seq, 999 * SECOND + seq);
	message(16, 0, 999 * SECOND);
	pass(2 * SECOND);
	/* Line 0 misses its first, which nobody can know; 1 to 8 miss one; 9 its last. */
	assert_int_equal(t.gaps, 8);
	assert_int_equal(t.counters[UNTRACKED], 1);
}

static void the_end_settles_everything(void **state)
{
	(void)state;
	send_range(0, 9);
	send_range(12, 20);
	assert_int_equal(t.gaps, 0);
	finish(state);
	assert_int_equal(t.gaps, 2);
}

static void other_payloads_are_counted_only(void **state)
{
	static const uint8_t text[64] = "no message of ours";
	const struct kb_msg msg = {.magic = htole32(KB_MSG_MAGIC)};
	const struct kb_pkt v[] = {
		{.payload = text, .len = sizeof(text)},
		{.payload = text, .len = 0},
		{.payload = (const uint8_t *)&msg, .len = sizeof(msg) - 1},
	};
	(void)state;

	kb_handler_on_burst(t.handler, v, 3, t.now);
	assert_int_equal(t.counters[OTHER], 3);
	assert_int_equal(t.counters[MESSAGES], 0);
	assert_int_equal(t.oneway.total, 0);
}

static void one_way_latency_is_from_the_schedule(void **state)
{
	(void)state;
	message(0, 0, t.now - 12345);
	assert_int_equal(kb_hist_index(kb_hist_quantile(&t.oneway, 0.5)), kb_hist_index(12345));
	message(0, 1, t.now + 1); /* its clock is ahead of ours */
	assert_int_equal(t.oneway.negative, 1);
}

/* Random loss, duplication and reordering: gaps are exactly what never came. */
static void a_model_agrees(void **state)
{
	enum { N = 50000, REACH = 64 };
	static uint64_t order[2 * N];
	static bool came[N];
	unsigned seed = 42;

	for (int round = 0; round < 20; round++) {
		uint64_t n = 0, missing = 0, first = N, last = 0, duplicates = 0;

		finish(state);
		start(state);
		memset(came, 0, sizeof(came));
		for (uint64_t seq = 0; seq < N; seq++) {
			const int luck = rand_r(&seed) % 100;

			if (luck < 3)
				continue; /* lost */
			order[n++] = seq;
			if (luck < 5)
				order[n++] = seq; /* twice */
		}
		for (uint64_t i = 1; i + REACH < n; i++) {
			const uint64_t j = i + (uint64_t)rand_r(&seed) % REACH;
			const uint64_t other = order[j];

			if (rand_r(&seed) % 10)
				continue;
			order[j] = order[i];
			order[i] = other;
		}
		for (uint64_t i = 0; i < n; i++) {
			duplicates += came[order[i]];
			came[order[i]] = true;
			first = i == 0 ? order[i] : first;
			last = order[i] > last ? order[i] : last;
			send(order[i]);
		}
		for (uint64_t seq = first; seq <= last; seq++)
			missing += !came[seq];
		finish(state);
		assert_int_equal(t.gaps, missing);
		assert_int_equal(t.counters[DUPLICATES] + t.counters[LATE], duplicates);
		start(state);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, finish)
	const struct CMUnitTest tests[] = {
		CASE(in_order_has_no_gaps),
		CASE(missing_ones_are_gaps_after_a_while),
		CASE(late_arrivals_fill_their_gap),
		CASE(a_gap_counts_when_the_window_has_passed),
		CASE(a_hole_wider_than_the_window),
		CASE(every_width_of_hole_is_counted_exactly),
		CASE(duplicates_are_no_gaps),
		CASE(the_first_seen_is_where_counting_starts),
		CASE(a_sender_that_begins_anew),
		CASE(what_was_open_at_a_restart_is_a_gap),
		CASE(a_wild_number_is_no_loss),
		CASE(a_number_that_no_sender_reaches_is_no_message),
		CASE(lines_are_apart),
		CASE(the_end_settles_everything),
		CASE(other_payloads_are_counted_only),
		CASE(one_way_latency_is_from_the_schedule),
		CASE(a_model_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
