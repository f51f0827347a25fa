// SPDX-License-Identifier: Apache-2.0
/* What the back-end asks of a device and reads from it, without a device. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "backend/dpdk/counters.h"
#include "backend/dpdk/port.h"
#include "kb/error.h"

/* An ENI of a c6in.32xlarge as net_ena describes it. */
static struct rte_eth_dev_info ena_info(void)
{
	return (struct rte_eth_dev_info){
		.driver_name = "net_ena",
		.max_rx_queues = 32,
		.max_tx_queues = 32,
		.min_mtu = 128,
		.max_mtu = 9216,
		.max_rx_pktlen = 9234,
	};
}

static struct kb_config good_plan(void)
{
	return (struct kb_config){.queues = 4,
				  .mtu = 9001,
				  .rx_ring = 1024,
				  .tx_ring = 512,
				  .frames = 4096,
				  .burst = 32};
}

static void refused(const struct rte_eth_dev_info *info, const struct kb_config *cfg,
		    const char *said)
{
	kb_err_clear();
	assert_int_equal(kb_dpdk_port_check(info, cfg), -1);
	assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
	assert_string_equal(kb_err_text(), said);
}

static void plan_beyond_the_device_is_refused(void **state)
{
	struct rte_eth_dev_info info = ena_info();
	struct kb_config cfg = good_plan();
	(void)state;
	assert_int_equal(kb_dpdk_port_check(&info, &cfg), 0);

	cfg.queues = 64;
	refused(&info, &cfg, "'KB_QUEUES' must be between 1 and 32 on this net_ena port, got 64");
	info.max_tx_queues = 2; /* the lesser counts: a queue both receives and sends */
	cfg.queues = 3;
	refused(&info, &cfg, "'KB_QUEUES' must be between 1 and 2 on this net_ena port, got 3");

	info = ena_info();
	cfg = good_plan();
	cfg.frames = 1855;
	refused(&info, &cfg,
		"'KB_FRAMES' must be at least 1856 for rings of 1024 and 512, got 1855");
	cfg.frames = 1856;
	assert_int_equal(kb_dpdk_port_check(&info, &cfg), 0);
	/* By reference, a frame that is sent holds three buffers. */
	info.tx_offload_capa = RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	cfg.frames = 2879;
	refused(&info, &cfg,
		"'KB_FRAMES' must be at least 2880 for rings of 1024 and 512, got 2879");
	cfg.frames = 2880;
	assert_int_equal(kb_dpdk_port_check(&info, &cfg), 0);

	info.max_mtu = 3498;
	refused(&info, &cfg,
		"'KB_MTU' must be between 128 and 3498 on this net_ena port, got 9001");
}

/* Some drivers leave max_mtu at its largest value and mean max_rx_pktlen. */
static void mtu_follows_the_frame_length_where_no_mtu_is_given(void **state)
{
	struct rte_eth_dev_info info = ena_info();
	struct kb_config cfg = good_plan();
	(void)state;
	info.driver_name = "net_memif";
	info.min_mtu = 68;
	info.max_mtu = UINT16_MAX;
	info.max_rx_pktlen = 1518;
	refused(&info, &cfg,
		"'KB_MTU' must be between 68 and 1500 on this net_memif port, got 9001");
	cfg.mtu = 1500;
	assert_int_equal(kb_dpdk_port_check(&info, &cfg), 0);
	info.max_rx_pktlen = UINT32_MAX; /* net_pcap */
	cfg.mtu = 9001;
	assert_int_equal(kb_dpdk_port_check(&info, &cfg), 0);
}

static void assert_booked(bool ena, uint64_t overrun, uint64_t error, uint64_t no_buffer)
{
	struct kb_dpdk_counters c = {.ena = ena,
				     .last = {.imissed = 100, .ierrors = 100, .rx_nombuf = 100}};
	const struct rte_eth_stats now = {.imissed = 105, .ierrors = 103, .rx_nombuf = 107};
	uint64_t cause[KB_CAUSES] = {0};

	assert_int_equal(kb_dpdk_counters_book(&c, &now, cause), 5);
	assert_int_equal(kb_dpdk_counters_book(&c, &now, cause), 0);
	assert_int_equal(cause[KB_CAUSE_NIC_OVERRUN], overrun);
	assert_int_equal(cause[KB_CAUSE_NIC_ERROR], error);
	assert_int_equal(cause[KB_CAUSE_NIC_NO_BUFFER], no_buffer);
}

/* Nor an error a loss: the frame is handed on, and booked by its queue. */
static void a_failed_refill_of_ena_is_no_packet(void **state)
{
	(void)state;
	assert_booked(false, 5, 3, 7);
	assert_booked(true, 5, 0, 0);
}

/* The device, as rte_eth_stats_get() reads it; a negative result is one that cannot answer. */
static struct rte_eth_stats device;
static int device_result;

/* Only the linker knows that it is called: link-time optimisation must not drop it. */
#if __has_attribute(externally_visible)
#define WRAP __attribute__((used, externally_visible))
#else /* clang: `used` is enough */
#define WRAP __attribute__((used))
#endif
int WRAP __wrap_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *out);

int __wrap_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *out)
{
	(void)port;
	if (device_result == 0)
		*out = device;
	return device_result;
}

/* Counters of a NIC that another program had before: none of its losses are ours. */
static void what_was_counted_before_is_nobodys_loss(void **state)
{
	const struct rte_eth_dev_info info = {.driver_name = "net_e1000_em"};
	(void)state;

	for (int mute_at_first = 0; mute_at_first < 2; mute_at_first++) {
		struct kb_stats *const stats = calloc(1, sizeof(*stats));
		struct kb_dpdk_counters c;
		uint64_t *cause;

		assert_non_null(stats);
		cause = stats->device[0].cause;
		device = (struct rte_eth_stats){
			.imissed = 100000, .ierrors = 2000, .rx_nombuf = 300};
		device_result = mute_at_first ? -EIO : 0;
		kb_dpdk_counters_open(&c, 0, &info);
		kb_dpdk_counters_read(&c, 0, stats, true);
		device_result = 0;
		kb_dpdk_counters_read(&c, 0, stats, true);
		assert_int_equal(cause[KB_CAUSE_NIC_OVERRUN], 0);
		assert_int_equal(cause[KB_CAUSE_NIC_ERROR], 0);
		assert_int_equal(cause[KB_CAUSE_NIC_NO_BUFFER], 0);
		device.imissed += 5;
		device.ierrors += 3;
		device.rx_nombuf += 7;
		kb_dpdk_counters_read(&c, 0, stats, true);
		device_result = -EIO; /* and once more in between */
		kb_dpdk_counters_read(&c, 0, stats, true);
		device_result = 0;
		device.imissed += 1;
		kb_dpdk_counters_read(&c, 0, stats, true);
		assert_int_equal(cause[KB_CAUSE_NIC_OVERRUN], 6);
		assert_int_equal(cause[KB_CAUSE_NIC_ERROR], 3);
		assert_int_equal(cause[KB_CAUSE_NIC_NO_BUFFER], 7);
		free(stats);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_beyond_the_device_is_refused),
		cmocka_unit_test(mtu_follows_the_frame_length_where_no_mtu_is_given),
		cmocka_unit_test(a_failed_refill_of_ena_is_no_packet),
		cmocka_unit_test(what_was_counted_before_is_nobodys_loss),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
