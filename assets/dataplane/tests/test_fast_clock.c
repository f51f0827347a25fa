// SPDX-License-Identifier: Apache-2.0
/* The hot loop's clock: what it learns of the system's, and what it makes of one that is set. */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "kb/fast_clock.h"

#define TICKS_A_MS 3000000ull /* a counter of 3 GHz */
#define MS	   1000000ull
#define BEGIN	   (1700000000ull * 1000 * MS)

static struct kb_fast_clock clock_;

/* A clock that has learned for a while, right at the start of a span. */
static int learned(void **state)
{
	(void)state;
	clock_ = (struct kb_fast_clock){0};
	for (uint64_t i = 1; i <= 3; i++)
		kb_fast_clock_learn(&clock_, i * TICKS_A_MS, BEGIN + i * MS);
	return 0;
}

static void assert_near(uint64_t ticks, uint64_t ns, uint64_t most)
{
	const uint64_t got = kb_fast_clock_at(&clock_, ticks);

	if ((got > ns ? got - ns : ns - got) > most)
		fail_msg("%llu ns instead of %llu", (unsigned long long)got,
			 (unsigned long long)ns);
}

static void needs_two_readings(void **state)
{
	(void)state;
	clock_ = (struct kb_fast_clock){0};
	assert_int_equal(clock_.span, 0);
	kb_fast_clock_learn(&clock_, TICKS_A_MS, BEGIN);
	assert_int_equal(clock_.span, 0);
	kb_fast_clock_learn(&clock_, TICKS_A_MS + 1000, BEGIN + 333); /* too soon to tell */
	assert_int_equal(clock_.span, 0);
	kb_fast_clock_learn(&clock_, 2 * TICKS_A_MS, BEGIN + MS);
	assert_true(clock_.span > 0);
	assert_near(2 * TICKS_A_MS, BEGIN + MS, 0);
	assert_near(2 * TICKS_A_MS + clock_.span - 1, BEGIN + MS + (clock_.span - 1) / 3, 1);
}

static void follows_a_slewed_clock(void **state)
{
	(void)state;
	uint64_t ns = BEGIN + 3 * MS;

	for (uint64_t i = 4; i < 100; i++) {
		ns += MS + MS / 2000; /* 500 ppm */
		assert_near(i * TICKS_A_MS, ns, KB_FAST_CLOCK_ERROR_NS);
		kb_fast_clock_learn(&clock_, i * TICKS_A_MS, ns);
		assert_true(clock_.span > 0);
	}
	assert_near(100 * TICKS_A_MS, ns + MS + MS / 2000, 1);
}

/* What it took for a millisecond would be wrong by the step: it asks until it has learned anew. */
static void asks_when_the_clock_was_set(void **state)
{
	(void)state;
	const int64_t steps[] = {1000 * (int64_t)MS, -1000 * (int64_t)MS, 5 * MS, -5 * (int64_t)MS};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		learned(NULL);
		const uint64_t ns = BEGIN + 4 * MS + (uint64_t)steps[i];

		kb_fast_clock_learn(&clock_, 4 * TICKS_A_MS, ns);
		assert_int_equal(clock_.span, 0);
		kb_fast_clock_learn(&clock_, 5 * TICKS_A_MS, ns + MS);
		assert_near(5 * TICKS_A_MS + TICKS_A_MS / 2, ns + MS + MS / 2, 1);
	}
}

static void asks_when_the_counter_went_back(void **state)
{
	(void)state;
	assert_true(TICKS_A_MS - clock_.ticks > clock_.span); /* so that it is asked at all */
	kb_fast_clock_learn(&clock_, TICKS_A_MS, BEGIN + 4 * MS);
	assert_int_equal(clock_.span, 0);
}

static void knows_still_after_a_long_sleep(void **state)
{
	(void)state;
	const uint64_t hour = 3600 * 1000 * MS;

	kb_fast_clock_learn(&clock_, 3 * hour, BEGIN + hour);
	assert_true(clock_.span > 0);
	assert_near(3 * hour + TICKS_A_MS / 2, BEGIN + hour + MS / 2, 1);
}

/* With the machine's own counter. Where the kernel does not trust it, every reading is the
 * kernel's.
 */
static void is_the_systems_time(void **state)
{
	(void)state;
	kb_fast_clock_init("/sys");
	for (uint32_t i = 0; i < 2000000; i++) {
		const uint64_t before = kb_now_ns();
		const uint64_t now = kb_fast_now_ns();
		const uint64_t after = kb_now_ns();

		if (now + KB_FAST_CLOCK_ERROR_NS < before || now > after + KB_FAST_CLOCK_ERROR_NS)
			fail_msg("%llu is not between %llu and %llu", (unsigned long long)now,
				 (unsigned long long)before, (unsigned long long)after);
	}
}

static void learns_nothing_of_a_counter_the_kernel_does_not_trust(void **state)
{
	(void)state;
	char sys[] = "/tmp/kb-fast-clock-XXXXXX";

	assert_non_null(mkdtemp(sys));
	kb_fast_clock_init(sys); /* no such file */
	kb_fast_clock = (struct kb_fast_clock){0};
	for (uint32_t i = 0; i < 100000; i++)
		kb_fast_now_ns();
	assert_int_equal(kb_fast_clock.ticks, 0);
	assert_int_equal(kb_fast_clock.span, 0);
	assert_int_equal(rmdir(sys), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(needs_two_readings, learned),
		cmocka_unit_test_setup(follows_a_slewed_clock, learned),
		cmocka_unit_test_setup(asks_when_the_clock_was_set, learned),
		cmocka_unit_test_setup(asks_when_the_counter_went_back, learned),
		cmocka_unit_test_setup(knows_still_after_a_long_sleep, learned),
		cmocka_unit_test(is_the_systems_time),
		cmocka_unit_test(learns_nothing_of_a_counter_the_kernel_does_not_trust),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
