// SPDX-License-Identifier: Apache-2.0
/* Each loss stage by the counters that it moves: booked once, whatever counts it. */
#include "check.h"

#include "backend/afxdp/ledger.h"

static struct kb_afxdp_books books;
static struct kb_afxdp_reading now;
static struct kb_device_stats page[2];

static int reset(void **state)
{
	(void)state;
	struct kb_afxdp_reading *const since = &books.last;

	memset(&books, 0, sizeof(books));
	/* Counters that were not 0 when the port was opened. */
	since->nic =
		(struct kb_netdev_counters){.rx_errors = 5, .rx_dropped = 7, .rx_over_errors = 3};
	since->verdicts.verdict[KB_VERDICT_PASS_NO_FLOW] = 11;
	since->redirect_errors[1] = 13;
	now = *since;
	memset(page, 0, sizeof(page));
	return 0;
}

static void book(const char *driver, bool native, bool zero_copy)
{
	const struct kb_afxdp_mode mode = {
		.queues = 2,
		.zero_copy = zero_copy,
		.redirect_errors = kb_redirect_errors_of(driver, native),
	};

	kb_afxdp_book(page, &mode, &books, &now);
}

/* Exactly these packets of this cause on this queue, and nothing else anywhere. */
static void assert_only(uint32_t queue, enum kb_cause cause, uint64_t n)
{
	for (uint32_t q = 0; q < 2; q++)
		for (uint32_t i = 0; i < KB_CAUSES; i++)
			if (page[q].cause[i] != (q == queue && i == cause ? n : 0))
				fail_msg("queue %u: %s is %lu", q, kb_causes[i].name,
					 (unsigned long)page[q].cause[i]);
}

static void nothing_happened_is_booked_as_nothing(void **state)
{
	(void)state;
	book("veth", true, false);
	assert_only(0, KB_CAUSE_NIC_DROPPED, 0);
}

static void rx_ring_full_on_veth(void **state)
{
	(void)state;
	now.socket[1].rx_ring_full = 100;
	now.nic.rx_dropped += 100;
	book("veth", true, false);
	assert_only(1, KB_CAUSE_XSK_RX_FULL, 100);
}

static void rx_ring_full_in_generic_mode(void **state)
{
	(void)state;
	now.socket[1].rx_ring_full = 100; /* the device does not hear of it */
	book("veth", false, false);
	assert_only(1, KB_CAUSE_XSK_RX_FULL, 100);
}

static void rx_ring_full_on_ena(void **state)
{
	(void)state;
	now.socket[1].rx_ring_full = 100;
	now.redirect_errors[1] += 100;
	book("ena", true, true);
	assert_only(1, KB_CAUSE_XSK_RX_FULL, 100);
}

static void fill_ring_empty_when_copying(void **state)
{
	(void)state;
	now.socket[0].rx_fill_ring_empty_descs = 50;
	now.socket[0].rx_dropped = 50;
	now.nic.rx_dropped += 50;
	book("veth", true, false);
	assert_only(0, KB_CAUSE_XSK_FILL_EMPTY, 50);
}

static void fill_ring_empty_with_zero_copy_is_no_loss_by_itself(void **state)
{
	(void)state;
	now.socket[0].rx_fill_ring_empty_descs = 50;
	book("ena", true, true);
	assert_only(0, KB_CAUSE_XSK_FILL_EMPTY, 0);
}

static void frame_too_long_for_the_socket(void **state)
{
	(void)state;
	now.socket[0].rx_dropped = 9;
	now.nic.rx_dropped += 9;
	book("veth", true, false);
	assert_only(0, KB_CAUSE_XSK_DROPPED, 9);
}

static void dropped_by_the_device_alone(void **state)
{
	(void)state;
	now.nic.rx_dropped += 9;
	book("veth", true, false);
	assert_only(0, KB_CAUSE_NIC_DROPPED, 9);
}

static void redirect_that_only_the_driver_saw_fail(void **state)
{
	(void)state;
	now.socket[1].rx_ring_full = 4;
	now.redirect_errors[1] += 6;
	book("ena", true, true);
	assert_int_equal(page[1].cause[KB_CAUSE_XSK_RX_FULL], 4);
	assert_int_equal(page[1].cause[KB_CAUSE_XDP_ABORTED], 2);
}

static void overrun_is_no_second_error(void **state)
{
	(void)state;
	now.nic.rx_over_errors += 20;
	now.nic.rx_errors += 20;
	book("ena", true, true);
	assert_only(0, KB_CAUSE_NIC_OVERRUN, 20);
}

static void error_that_is_no_overrun(void **state)
{
	(void)state;
	now.nic.rx_errors += 3;
	book("ena", true, true);
	assert_only(0, KB_CAUSE_NIC_ERROR, 3);
}

static void type_the_kernel_has_no_use_for(void **state)
{
	(void)state;
	now.verdicts.verdict[KB_VERDICT_PASS_UNKNOWN_TYPE] = 8;
	now.nic.rx_dropped += 8;
	book("ena", true, true);
	assert_only(0, KB_CAUSE_NOT_IPV4, 8);
}

static void verdicts_since_the_port_was_opened(void **state)
{
	(void)state;
	now.verdicts.verdict[KB_VERDICT_PASS_NO_FLOW] += 2;
	now.verdicts.verdict[KB_VERDICT_REDIRECT] = 1000;
	book("veth", true, false);
	assert_only(0, KB_CAUSE_NO_FLOW, 2);
}

static void a_cause_never_shrinks(void **state)
{
	(void)state;
	now.nic.rx_dropped += 10; /* read before the socket's counters caught up */
	book("veth", true, false);
	now.socket[0].rx_ring_full = 10;
	book("veth", true, false);
	assert_int_equal(page[0].cause[KB_CAUSE_NIC_DROPPED], 10);
	assert_int_equal(page[0].cause[KB_CAUSE_XSK_RX_FULL], 10);
}

static void device_that_starts_again(void **state)
{
	(void)state;
	now.nic.rx_dropped += 50;
	now.nic.rx_over_errors += 20;
	now.nic.rx_errors += 20;
	book("ena", true, true);
	now.nic = (struct kb_netdev_counters){.rx_dropped = 2, .rx_over_errors = 1, .rx_errors = 4};
	now.redirect_errors[1] = 6;
	now.socket[1].rx_ring_full = 1;
	book("ena", true, true);
	assert_int_equal(page[0].cause[KB_CAUSE_NIC_DROPPED], 52);
	assert_int_equal(page[0].cause[KB_CAUSE_NIC_OVERRUN], 21);
	assert_int_equal(page[0].cause[KB_CAUSE_NIC_ERROR], 3);
	assert_int_equal(page[1].cause[KB_CAUSE_XDP_ABORTED], 5);
}

#define ledger_test(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ledger_test(nothing_happened_is_booked_as_nothing),
		ledger_test(rx_ring_full_on_veth),
		ledger_test(rx_ring_full_in_generic_mode),
		ledger_test(rx_ring_full_on_ena),
		ledger_test(fill_ring_empty_when_copying),
		ledger_test(fill_ring_empty_with_zero_copy_is_no_loss_by_itself),
		ledger_test(frame_too_long_for_the_socket),
		ledger_test(dropped_by_the_device_alone),
		ledger_test(redirect_that_only_the_driver_saw_fail),
		ledger_test(overrun_is_no_second_error),
		ledger_test(error_that_is_no_overrun),
		ledger_test(type_the_kernel_has_no_use_for),
		ledger_test(verdicts_since_the_port_was_opened),
		ledger_test(a_cause_never_shrinks),
		ledger_test(device_that_starts_again),
	};

	return cmocka_run_group_tests_name("afxdp_ledger", tests, NULL, NULL);
}
