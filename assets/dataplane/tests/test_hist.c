// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "kb/hist.h"

#define VALUES 20000u

static struct kb_hist *fresh(void)
{
	struct kb_hist *const h = calloc(1, sizeof(*h));

	assert_non_null(h);
	return h;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Values of every magnitude up to the limit, the same in each run. */
static uint64_t next_value(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (*seed >> 28) >> (*seed % KB_HIST_MAX_BITS);
}

/* Two significant digits as HdrHistogram lays them out: 256 linear buckets, then 128 an octave. */
static void layout_is_hdrhistograms(void **state)
{
	static const struct {
		uint64_t value;
		uint32_t index;
		uint64_t lowest;
		uint64_t highest;
	} rows[] = {
		{0, 0, 0, 0},
		{1, 1, 1, 1},
		{255, 255, 255, 255},
		{256, 256, 256, 257},
		{257, 256, 256, 257},
		{511, 383, 510, 511},
		{512, 384, 512, 515},
		{1000, 506, 1000, 1003},
		{1024, 512, 1024, 1031},
		{1000000, 1780, 999424, 1003519},
		{KB_HIST_MAX_VALUE, KB_HIST_COUNTS - 1, 255ull << 28, KB_HIST_MAX_VALUE},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(kb_hist_index(rows[i].value), rows[i].index);
		assert_int_equal(kb_hist_lowest(rows[i].index), rows[i].lowest);
		assert_int_equal(kb_hist_highest(rows[i].index), rows[i].highest);
	}
}

static void buckets_tile_the_range(void **state)
{
	(void)state;
	assert_int_equal(kb_hist_lowest(0), 0);
	for (uint32_t i = 0; i < KB_HIST_COUNTS; i++) {
		assert_int_equal(kb_hist_index(kb_hist_lowest(i)), i);
		assert_int_equal(kb_hist_index(kb_hist_highest(i)), i);
		if (i > 0)
			assert_int_equal(kb_hist_lowest(i), kb_hist_highest(i - 1) + 1);
		/* What two significant digits promise. */
		if (kb_hist_lowest(i) > 0)
			assert_true((kb_hist_highest(i) - kb_hist_lowest(i)) * 100 <
				    kb_hist_lowest(i));
	}
}

static void quantiles_agree_with_a_sorted_array(void **state)
{
	static const double quantiles[] = {0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
	static uint64_t sorted[VALUES];
	struct kb_hist *const h = fresh();
	uint64_t seed = 1;
	(void)state;

	for (uint32_t i = 0; i < VALUES; i++) {
		sorted[i] = next_value(&seed);
		kb_hist_record(h, (int64_t)sorted[i]);
	}
	qsort(sorted, VALUES, sizeof(sorted[0]), compare);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		const double wanted = ceil(quantiles[i] * VALUES);
		const uint64_t exact = sorted[wanted < 1 ? 0 : (uint32_t)wanted - 1];
		const uint64_t got = kb_hist_quantile(h, quantiles[i]);

		/* The same bucket, reported by its highest value, never above the maximum. */
		assert_int_equal(kb_hist_index(got), kb_hist_index(exact));
		assert_true(got >= exact && got <= h->max);
	}
	assert_int_equal(kb_hist_quantile(h, 1), sorted[VALUES - 1]);
	assert_int_equal(h->max, sorted[VALUES - 1]);
	assert_int_equal(h->total, VALUES);
	free(h);
}

static void an_empty_histogram_has_no_quantiles(void **state)
{
	struct kb_hist *const h = fresh();
	(void)state;

	assert_int_equal(kb_hist_quantile(h, 0.99), 0);
	free(h);
}

static void the_worst_values_are_part_of_every_percentile(void **state)
{
	struct kb_hist *const h = fresh();
	(void)state;

	kb_hist_record(h, -1);
	kb_hist_record(h, INT64_MIN);
	kb_hist_record(h, (int64_t)KB_HIST_MAX_VALUE + 1);
	kb_hist_record(h, INT64_MAX);
	kb_hist_record(h, (int64_t)KB_HIST_MAX_VALUE);
	assert_int_equal(h->negative, 2);
	assert_int_equal(h->over, 2);
	assert_int_equal(h->total, 3);
	assert_int_equal(h->max, KB_HIST_MAX_VALUE);
	kb_hist_record_n(h, 1000, 3);
	assert_true(kb_hist_quantile(h, 0.5) < 1010);
	assert_int_equal(kb_hist_quantile(h, 0.51), KB_HIST_MAX_VALUE);
	free(h);
}

static void merging_equals_recording_into_one(void **state)
{
	struct kb_hist *const a = fresh(), *const b = fresh(), *const both = fresh();
	uint64_t seed = 7;
	(void)state;

	for (uint32_t i = 0; i < VALUES; i++) {
		const int64_t value = (int64_t)next_value(&seed);

		kb_hist_record(i % 3 ? a : b, value);
		kb_hist_record(both, value);
	}
	kb_hist_record(a, -1);
	kb_hist_record(both, -1);
	kb_hist_merge(a, b);
	assert_memory_equal(a, both, sizeof(*a));
	free(a);
	free(b);
	free(both);
}

static void the_difference_is_what_was_recorded_between(void **state)
{
	struct kb_hist *const h = fresh(), *const older = fresh(), *const between = fresh();
	struct kb_hist *const diff = fresh();
	uint64_t seed = 9;
	(void)state;

	kb_hist_record(h, 5000000); /* the largest of all, but not of the interval */
	for (uint32_t i = 0; i < VALUES; i++)
		kb_hist_record(h, (int64_t)(next_value(&seed) % 100000));
	*older = *h;
	for (uint32_t i = 0; i < VALUES; i++) {
		const int64_t value = (int64_t)(next_value(&seed) % 100000);

		kb_hist_record(h, value);
		kb_hist_record(between, value);
	}
	kb_hist_diff(diff, h, older);
	assert_memory_equal(diff->counts, between->counts, sizeof(diff->counts));
	assert_int_equal(diff->total, VALUES);
	assert_int_equal(kb_hist_index(diff->max), kb_hist_index(between->max));
	free(h);
	free(older);
	free(between);
	free(diff);
}

static void a_run_is_its_values(void **state)
{
	static const int64_t odd[] = {0,
				      -1,
				      -1,
				      INT64_MIN,
				      INT64_MAX,
				      (int64_t)KB_HIST_MAX_VALUE,
				      (int64_t)KB_HIST_MAX_VALUE + 1,
				      1,
				      0,
				      127,
				      128,
				      255,
				      256};
	struct kb_hist *const one_by_one = fresh(), *const in_runs = fresh();
	struct kb_hist_run run = {.hist = in_runs};
	uint64_t seed = 11;
	(void)state;

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		kb_hist_record(one_by_one, odd[i]);
		kb_hist_run_add(&run, odd[i]);
	}
	for (uint32_t i = 0; i < VALUES; i++) {
		/* Close together for a while, as in a burst, then somewhere else. */
		const uint64_t base = next_value(&seed);
		const int64_t near = (int64_t)(base + next_value(&seed) % (base / 64 + 1));

		kb_hist_record(one_by_one, (int64_t)base);
		kb_hist_run_add(&run, (int64_t)base);
		kb_hist_record(one_by_one, near);
		kb_hist_run_add(&run, near);
		if (i % 32 == 0)
			kb_hist_run_end(&run);
	}
	kb_hist_run_end(&run);
	kb_hist_run_end(&run); /* ending twice records nothing twice */
	assert_memory_equal(in_runs, one_by_one, sizeof(*in_runs));
	free(one_by_one);
	free(in_runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_is_hdrhistograms),
		cmocka_unit_test(buckets_tile_the_range),
		cmocka_unit_test(quantiles_agree_with_a_sorted_array),
		cmocka_unit_test(an_empty_histogram_has_no_quantiles),
		cmocka_unit_test(the_worst_values_are_part_of_every_percentile),
		cmocka_unit_test(merging_equals_recording_into_one),
		cmocka_unit_test(the_difference_is_what_was_recorded_between),
		cmocka_unit_test(a_run_is_its_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
