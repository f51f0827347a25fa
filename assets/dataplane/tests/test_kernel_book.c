// SPDX-License-Identifier: Apache-2.0
/* What the network device counts, as causes of the planes `kernel` and `xdp`. */
#include "check.h"

#include "backend/kernel/ledger.h"

static struct kb_kernel_ledger ledger;
static struct kb_netdev_counters now;
static uint64_t cause[KB_CAUSES];

/* Counters that were not 0 when the port was opened. */
static int reset(void **state)
{
	(void)state;
	now = (struct kb_netdev_counters){.rx_packets = 1000,
					  .rx_errors = 30,
					  .rx_dropped = 100,
					  .rx_over_errors = 20,
					  .rx_missed_errors = 10};
	ledger = (struct kb_kernel_ledger){.last = now};
	memset(cause, 0, sizeof(cause));
	return 0;
}

static void book(uint64_t overrun, uint64_t error, uint64_t dropped)
{
	kb_kernel_book(&ledger, &now, 0, cause);
	assert_int_equal(cause[KB_CAUSE_NIC_OVERRUN], overrun);
	assert_int_equal(cause[KB_CAUSE_NIC_ERROR], error);
	assert_int_equal(cause[KB_CAUSE_NIC_DROPPED], dropped);
}

static void only_what_came_since_the_opening(void **state)
{
	(void)state;
	book(0, 0, 0);
	now.rx_dropped += 7;
	now.rx_over_errors += 5;
	now.rx_errors += 8; /* ena: the overruns among them */
	book(5, 3, 7);
	now.rx_missed_errors += 5; /* the same frames under the other name */
	book(5, 3, 7);
}

static void device_that_starts_again(void **state)
{
	(void)state;
	now = (struct kb_netdev_counters){.rx_packets = 1};
	book(0, 0, 0);
	now.rx_dropped = 50;
	now.rx_over_errors = now.rx_errors = 4;
	book(4, 0, 50);
	now = (struct kb_netdev_counters){.rx_packets = 1, .rx_dropped = 2, .rx_errors = 1};
	book(4, 1, 52);
}

static void device_that_is_down_for_a_while(void **state)
{
	const struct kb_netdev_counters up = now;
	(void)state;

	now = (struct kb_netdev_counters){.rx_dropped = 10}; /* only the kernel's own part of it */
	book(0, 0, 0);
	now = up;
	book(0, 0, 0);
}

static void error_that_turns_out_to_be_an_overrun(void **state)
{
	(void)state;
	now.rx_errors += 9; /* counted before the overruns are */
	book(0, 9, 0);
	now.rx_over_errors += 9;
	book(9, 9, 0); /* the page never goes back */
	now.rx_errors += 10;
	book(9, 10, 0);
}

static void what_has_its_cause_already_is_not_dropped_again(void **state)
{
	(void)state;
	kb_kernel_book(&ledger, &now, 5, cause); /* the filter has seen them, the kernel has not */
	book(0, 0, 0);
	now.rx_dropped += 5;
	book(0, 0, 0);
	now.rx_dropped += 2;
	book(0, 0, 2);
	kb_kernel_book(&ledger, &now, 1, cause);
	book(0, 0, 2); /* the page never goes back */
}

static void allowances_start_again_as_well(void **state)
{
	uint64_t page[2] = {0}, last[2] = {100, 5};
	(void)state;

	kb_counters_publish(page, last, (const uint64_t[2]){107, 5}, 2);
	kb_counters_publish(page, last, (const uint64_t[2]){3, 6}, 2); /* reset, then three more */
	kb_counters_publish(page, last, (const uint64_t[2]){5, 6}, 2);
	assert_int_equal(page[0], 12);
	assert_int_equal(page[1], 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		CASE(only_what_came_since_the_opening),
		CASE(device_that_starts_again),
		CASE(device_that_is_down_for_a_while),
		CASE(error_that_turns_out_to_be_an_overrun),
		CASE(what_has_its_cause_already_is_not_dropped_again),
		CASE(allowances_start_again_as_well),
	};

	return cmocka_run_group_tests_name("kernel_book", tests, NULL, NULL);
}
