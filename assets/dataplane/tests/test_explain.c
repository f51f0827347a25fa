// SPDX-License-Identifier: Apache-2.0
/* Which gaps are published as unexplained, over seconds of losses and of counters that lag. */
#include "check.h"

#include <stdlib.h>

#include "explain.h"

#define MS     1000000ull
#define SECOND (1000 * MS)
#define BEGIN  (1000 * SECOND)

static struct kb_explain e;
static uint64_t now;

static int fresh(void **state)
{
	(void)state;
	e = (struct kb_explain){0};
	now = BEGIN;
	return 0;
}

/* Reads every 100 ms, as housekeeping does, what does not change. */
static void pass(uint64_t ns)
{
	for (const uint64_t end = now + ns; now < end;) {
		now += 100 * MS;
		kb_explain_read(&e, now, e.gaps, e.lost);
	}
}

static void read_now(uint64_t gaps, uint64_t lost)
{
	kb_explain_read(&e, now, gaps, lost);
}

static void assert_open(uint64_t unexplained, uint64_t undecided)
{
	assert_int_equal(e.unexplained, unexplained);
	assert_int_equal(kb_explain_undecided(&e), undecided);
}

static void a_sustained_loss_is_explained_by_counters_that_lag(void **state)
{
	const uint64_t rate = 100000, lag = 2 * SECOND, duration = 60 * SECOND;
	(void)state;

	/* The device's counters step once a second, a second after what they count. */
	for (uint64_t t = 0; t < duration + 20 * SECOND; t += 100 * MS) {
		const uint64_t seen = t < duration ? t : duration;
		const uint64_t counted = t < lag ? 0 : (t - 1 * SECOND) / SECOND * SECOND;
		const uint64_t booked = counted < duration ? counted : duration;

		kb_explain_read(&e, BEGIN + t, seen * rate / SECOND, booked * rate / SECOND);
		assert_int_equal(e.unexplained, 0);
	}
	assert_open(0, 0);
	assert_int_equal(e.lost, e.gaps);
}

static void a_loss_nobody_explains_is_told_once_and_in_time(void **state)
{
	(void)state;
	pass(SECOND);
	read_now(10, 0);
	assert_open(0, 10);
	pass(KB_EXPLAIN_GAP_NS - 100 * MS);
	assert_open(0, 10);
	pass(100 * MS);
	assert_open(10, 0);
	pass(60 * SECOND);
	assert_open(10, 0);
}

static void every_loss_nobody_explains_is_told_amid_those_that_are(void **state)
{
	uint64_t gaps = 0, lost = 0, withheld = 0;
	(void)state;

	srand(7);
	/* 100 s with losses in most readings, their causes 2 s late; one gap in ten has none. */
	uint64_t late[20] = {0};
	for (int i = 0; i < 1000; i++) {
		const uint64_t n = (uint64_t)rand() % 100;

		now += 100 * MS;
		lost += late[i % 20];
		late[i % 20] = n;
		gaps += n + n / 10;
		withheld += n / 10;
		kb_explain_read(&e, now, gaps, lost);
		assert_true(e.unexplained <= withheld);
		/* Nothing is kept back: what is not told yet is no older than its time. */
		assert_true(e.unexplained + kb_explain_undecided(&e) + lost >= gaps);
	}
	for (int i = 0; i < 20; i++) {
		now += 100 * MS;
		lost += late[i];
		late[i] = 0;
		kb_explain_read(&e, now, gaps, lost);
	}
	pass(KB_EXPLAIN_GAP_NS + KB_EXPLAIN_SLICE_NS);
	assert_open(withheld, 0);
	assert_true(withheld > 1000);
}

static void a_loss_explains_a_gap_that_is_seen_later(void **state)
{
	(void)state;
	read_now(0, 5);
	pass(KB_EXPLAIN_LOSS_NS - 100 * MS);
	read_now(5, 5);
	pass(60 * SECOND);
	assert_open(0, 0);
}

static void an_old_loss_does_not_hide_a_later_gap(void **state)
{
	(void)state;
	/* Line A lost a thousand that line B had. Later a thousand vanish upstream on both. */
	read_now(0, 1000);
	pass(KB_EXPLAIN_LOSS_NS + KB_EXPLAIN_SLICE_NS);
	read_now(1000, 1000);
	pass(KB_EXPLAIN_GAP_NS + KB_EXPLAIN_SLICE_NS);
	assert_open(1000, 0);
}

static void what_was_told_is_not_taken_back_nor_paid_twice(void **state)
{
	(void)state;
	read_now(10, 0);
	pass(2 * KB_EXPLAIN_GAP_NS);
	assert_open(10, 0);
	read_now(10, 10); /* too late */
	assert_open(10, 0);
	pass(SECOND);
	read_now(16, 10); /* the late ones explain as many as they are, and no more */
	pass(KB_EXPLAIN_GAP_NS);
	read_now(26, 10);
	pass(2 * KB_EXPLAIN_GAP_NS);
	assert_open(16, 0);
}

static void a_counter_that_steps_back_pays_nothing_twice(void **state)
{
	(void)state;
	read_now(0, 5);
	read_now(5, 3);
	read_now(7, 5);
	pass(2 * KB_EXPLAIN_GAP_NS);
	assert_open(2, 0);
}

static void a_reading_that_is_late_still_explains(void **state)
{
	(void)state;
	read_now(10, 0);
	now += 20 * SECOND; /* the housekeeping core was busy */
	read_now(12, 12);
	assert_open(0, 0);
	now += 20 * SECOND;
	read_now(13, 12);
	now += 20 * SECOND;
	read_now(13, 12);
	assert_open(1, 0);
}

static void readings_without_pause_have_room(void **state)
{
	uint64_t lost = 0;
	(void)state;

	for (uint64_t t = 0; t < 3 * KB_EXPLAIN_LOSS_NS; t += MS) {
		kb_explain_read(&e, BEGIN + t, 0, ++lost);
		assert_true(e.n <= KB_EXPLAIN_SLICES);
	}
	now = BEGIN + 3 * KB_EXPLAIN_LOSS_NS;
	/* The losses of the last ten seconds wait: one a millisecond. */
	kb_explain_read(&e, now, lost, lost);
	pass(2 * KB_EXPLAIN_GAP_NS);
	const uint64_t explained = lost - e.unexplained;
	assert_true(explained + 1 >= KB_EXPLAIN_LOSS_NS / MS);
	assert_true(explained <= (KB_EXPLAIN_LOSS_NS + KB_EXPLAIN_SLICE_NS) / MS);
}

static void a_page_says_what_is_unexplained(void **state)
{
	struct kb_stats *const page = aligned_alloc(64, sizeof(*page) + 2 * sizeof(page->queue[0]));
	(void)state;

	assert_non_null(page);
	memset(page, 0, sizeof(*page) + 2 * sizeof(page->queue[0]));
	page->queues = 2;
	page->queue[0].gaps = 4;
	page->queue[1].gaps = 5;
	page->device[1].cause[KB_CAUSE_NIC_OVERRUN] = 2;
	page->queue[0].cause[KB_CAUSE_HANDLER] = 1;
	page->queue[0].cause[KB_CAUSE_NO_FLOW] = 100; /* other traffic explains nothing */
	kb_explain_page(&e, page, now);
	assert_int_equal(page->unexplained, 0);
	assert_int_equal(page->undecided, 6);
	kb_explain_page(&e, page, now + KB_EXPLAIN_GAP_NS);
	assert_int_equal(page->unexplained, 6);
	assert_int_equal(page->undecided, 0);
	free(page);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		CASE(a_sustained_loss_is_explained_by_counters_that_lag),
		CASE(a_loss_nobody_explains_is_told_once_and_in_time),
		CASE(every_loss_nobody_explains_is_told_amid_those_that_are),
		CASE(a_loss_explains_a_gap_that_is_seen_later),
		CASE(an_old_loss_does_not_hide_a_later_gap),
		CASE(what_was_told_is_not_taken_back_nor_paid_twice),
		CASE(a_counter_that_steps_back_pays_nothing_twice),
		CASE(a_reading_that_is_late_still_explains),
		CASE(readings_without_pause_have_room),
		CASE(a_page_says_what_is_unexplained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
