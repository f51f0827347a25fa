// SPDX-License-Identifier: Apache-2.0
/* The feed handler's sequence window against a model that remembers everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../src/handlers/feed/seq_window.h"

#define NUMBERS 20000u

static struct kb_seq_window *fresh(void)
{
	struct kb_seq_window *w = aligned_alloc(64, (sizeof(*w) + 63) & ~63ul);
	assert_non_null(w);
	memset(w, 0, sizeof(*w));
	return w;
}

static void settle_all(struct kb_seq_window *w)
{
	kb_seq_settle(w, w->next);
}

static void in_order_loses_nothing(void **state)
{
	(void)state;
	/* Every alignment of the first number within its word, and beyond one full window. */
	for (uint64_t first = 0; first < 130; first++) {
		struct kb_seq_window *w = fresh();
		for (uint64_t s = first; s < first + 10000; s++)
			kb_seq_see(w, s, 0);
		settle_all(w);
		assert_int_equal(w->counts.unique, 10000);
		assert_int_equal(w->counts.missing, 0);
		assert_int_equal(w->counts.line_lost[0], 0);
		assert_int_equal(w->counts.late + w->counts.duplicate + w->counts.reordered, 0);
		free(w);
	}
}

static void every_single_gap_is_counted(void **state)
{
	(void)state;
	for (uint64_t hole = 1; hole < 300; hole++) {
		struct kb_seq_window *w = fresh();
		for (uint64_t s = 0; s < 300 + 1; s++)
			if (s != hole)
				kb_seq_see(w, s, 0);
		settle_all(w);
		assert_int_equal(w->counts.missing, 1);
		assert_int_equal(w->counts.unique, 300);
		free(w);
	}
}

static void a_jump_longer_than_the_window(void **state)
{
	(void)state;
	const uint64_t jumps[] = {1, 63, 64, 65, 4095, 4096, 4097, 100000, 1000000};
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct kb_seq_window *w = fresh();
		for (uint64_t s = 0; s < 100; s++)
			kb_seq_see(w, s, 0);
		for (uint64_t s = 100 + jumps[i]; s < 200 + jumps[i]; s++)
			kb_seq_see(w, s, 0);
		settle_all(w);
		assert_int_equal(w->counts.missing, jumps[i]);
		assert_int_equal(w->counts.line_lost[0], jumps[i]);
		assert_int_equal(w->counts.unique, 200);
		free(w);
	}
}

static void reordering_within_the_window_is_no_loss(void **state)
{
	(void)state;
	struct kb_seq_window *w = fresh();
	kb_seq_see(w, 0, 0);
	for (uint64_t s = 1; s < NUMBERS; s += 2) {
		kb_seq_see(w, s + 1, 0);
		kb_seq_see(w, s, 0);
	}
	settle_all(w);
	assert_int_equal(w->counts.missing, 0);
	assert_int_equal(w->counts.unique, NUMBERS + 1);
	assert_int_equal(w->counts.reordered, NUMBERS / 2);
	free(w);
}

static void given_up_then_late(void **state)
{
	(void)state;
	struct kb_seq_window *w = fresh();
	kb_seq_see(w, 10, 0);
	kb_seq_see(w, 12, 0);
	settle_all(w);
	assert_int_equal(w->counts.missing, 1);
	kb_seq_see(w, 11, 0);
	assert_int_equal(w->counts.late, 1);
	settle_all(w);
	assert_int_equal(w->counts.missing, 1);
	free(w);
}

static void a_feed_that_starts_over(void **state)
{
	(void)state;
	struct kb_seq_window *w = fresh();
	for (uint64_t s = 5000000; s < 5000100; s++)
		kb_seq_see(w, s, 0);
	for (uint64_t s = 0; s < 100; s++)
		kb_seq_see(w, s, 0);
	settle_all(w);
	assert_int_equal(w->counts.resets, 1);
	assert_int_equal(w->counts.missing, 0);
	assert_int_equal(w->counts.unique, 200);
	free(w);
}

/* Two lines with independent loss, B behind A by a varying amount: compared with full memory. */
/* A session that ended before it had come far: the next one begins within, or just below, the
 * window. */
static void a_short_session_starts_over(void **state)
{
	static const uint64_t ends[] = {100, 1000, 4096, 5000, 900000};
	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct kb_seq_window *w = fresh();
		for (uint64_t s = 1; s <= ends[i]; s++)
			kb_seq_see(w, s, 0);
		for (uint64_t s = 1; s <= 3000; s++)
			if (s < 1000 || s >= 1501)
				kb_seq_see(w, s, 0);
		settle_all(w);
		assert_int_equal(w->counts.resets, 1);
		assert_int_equal(w->counts.missing, 501);
		assert_int_equal(w->counts.unique, ends[i] + 3000 - 501 - 64);
		assert_int_equal(w->counts.duplicate + w->counts.late, 64);
		free(w);
	}
}

static void a_line_far_behind_is_no_new_session(void **state)
{
	(void)state;
	struct kb_seq_window *w = fresh();
	for (uint64_t s = 0; s < 20000; s++) {
		kb_seq_see(w, s, 0);
		if (s >= 10000)
			kb_seq_see(w, s - 10000, 1); /* beyond the window */
	}
	for (uint64_t s = 10000; s < 20000; s++)
		kb_seq_see(w, s, 1); /* while the first line pauses */
	kb_seq_see(w, 20000, 0);
	settle_all(w);
	assert_int_equal(w->counts.resets, 0);
	assert_int_equal(w->counts.missing, 0);
	assert_int_equal(w->counts.unique, 20001);
	free(w);
}

static void duplicates_of_a_feed_that_goes_on_are_no_new_session(void **state)
{
	(void)state;
	struct kb_seq_window *w = fresh();
	for (uint64_t s = 0; s < 10000; s++) {
		kb_seq_see(w, s, 0);
		for (uint64_t back = 0; back < 60 && back <= s; back++)
			kb_seq_see(w, s - back, 0);
	}
	settle_all(w);
	assert_int_equal(w->counts.resets, 0);
	assert_int_equal(w->counts.unique, 10000);
	free(w);
}

static void a_line_owes_nothing_before_its_first_number(void **state)
{
	(void)state;
	struct kb_seq_window *w = fresh();
	for (uint64_t s = 0; s < 1000; s++)
		kb_seq_see(w, s, 0);
	kb_seq_see(w, 10000, 1);
	kb_seq_see(w, 10001, 1);
	settle_all(w);
	assert_int_equal(w->counts.missing, 9000);
	assert_int_equal(w->counts.line_lost[0], 9002);
	assert_int_equal(w->counts.line_lost[1], 0);
	free(w);
}

static void two_lines_against_a_model(void **state)
{
	(void)state;
	static uint8_t sent[2][NUMBERS];

	for (unsigned seed = 1; seed <= 40; seed++) {
		const uint64_t base = (uint64_t)seed * 977;
		const uint32_t behind = seed * 31 % 2000;
		struct kb_seq_window *w = fresh();
		srandom(seed);
		for (uint32_t l = 0; l < 2; l++)
			for (uint32_t i = 0; i < NUMBERS; i++)
				sent[l][i] = i == 0 || i == NUMBERS - 1 || random() % 10 != 0;
		for (uint32_t i = 0; i < NUMBERS + behind; i++) {
			if (i < NUMBERS && sent[0][i])
				kb_seq_see(w, base + i, 0);
			if (i >= behind && sent[1][i - behind])
				kb_seq_see(w, base + i - behind, 1);
		}
		settle_all(w);

		uint64_t unique = 0, saved = 0, lost[2] = {0, 0};
		for (uint32_t i = 0; i < NUMBERS; i++) {
			unique += sent[0][i] || sent[1][i];
			saved += sent[0][i] != sent[1][i];
			lost[0] += !sent[0][i];
			lost[1] += !sent[1][i];
		}
		assert_int_equal(w->counts.unique, unique);
		assert_int_equal(w->counts.missing, NUMBERS - unique);
		assert_int_equal(w->counts.saved, saved);
		assert_int_equal(w->counts.line_lost[0], lost[0]);
		assert_int_equal(w->counts.line_lost[1], lost[1]);
		assert_int_equal(w->counts.duplicate + w->counts.late, 0);
		free(w);
	}
}

/* What a run is told at once must come out as if it had been told number by number. */
/* Stale numbers count no longer once the feed has gone on; the window looks at that only later. */
static void forget_stale(struct kb_seq_window *w)
{
	if (w->stale_next != w->next)
		w->stale = 0;
	w->stale_next = w->next;
}

static void a_run_is_its_numbers(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		struct kb_seq_window *runs = fresh(), *numbers = fresh();
		srandom(seed);
		uint64_t newest = (uint64_t)random() % 130;
		for (int i = 0; i < 500; i++) {
			const uint32_t line = (uint32_t)random() % 3;
			const uint32_t n = 1 + (uint32_t)random() % 200;
			uint64_t first = newest;
			switch (random() % 8) {
			case 0: /* a hole, at times longer than the window */
				first = newest + (uint64_t)random() % (i % 50 == 0 ? 10000 : 70);
				break;
			case 1: /* seen already, or missed, at times too long ago */
			case 2:
				first = newest -
					(uint64_t)random() % (newest < 5000 ? newest + 1 : 5000);
				break;
			case 3: /* starts over */
				if (i % 100 == 99)
					first = newest > 1ull << 21 ? 0 : newest + (1ull << 21);
				break;
			}
			kb_seq_see_run(runs, first, n, line);
			for (uint32_t k = 0; k < n; k++)
				kb_seq_see(numbers, first + k, line);
			newest = runs->next;
			if (random() % 16 == 0) {
				settle_all(runs);
				settle_all(numbers);
			}
			forget_stale(runs);
			forget_stale(numbers);
			assert_memory_equal(runs, numbers, sizeof(*runs));
		}
		free(runs);
		free(numbers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_loses_nothing),
		cmocka_unit_test(every_single_gap_is_counted),
		cmocka_unit_test(a_jump_longer_than_the_window),
		cmocka_unit_test(reordering_within_the_window_is_no_loss),
		cmocka_unit_test(given_up_then_late),
		cmocka_unit_test(a_feed_that_starts_over),
		cmocka_unit_test(a_short_session_starts_over),
		cmocka_unit_test(a_line_far_behind_is_no_new_session),
		cmocka_unit_test(duplicates_of_a_feed_that_goes_on_are_no_new_session),
		cmocka_unit_test(a_line_owes_nothing_before_its_first_number),
		cmocka_unit_test(two_lines_against_a_model),
		cmocka_unit_test(a_run_is_its_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
