// SPDX-License-Identifier: Apache-2.0
/*
 * A link that is away for less time than passes between two looks at it. The port is DPDK's
 * net_ring, whose two ends are one ring: what it announces, it receives. The linker's --wrap makes
 * it a device with an interrupt for changes of its link, which it is not; that DPDK then takes the
 * configuration, and says what it says of the link, is real.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rte_ethdev.h>

#include "kb/backend.h"
#include "kb/error.h"

#define PORT 0

static struct kb_config cfg;
static struct kb_stats *stats;
static struct kb_backend *be;
static struct kb_queue *q;
static rte_eth_dev_cb_fn on_change;
static void *on_change_arg;
static bool asked;

int __real_rte_eth_dev_configure(uint16_t port, uint16_t rx_queues, uint16_t tx_queues,
				 const struct rte_eth_conf *conf);
int __real_rte_eth_dev_callback_register(uint16_t port, enum rte_eth_event_type event,
					 rte_eth_dev_cb_fn fn, void *arg);
/* Only the linker knows that these are called: link-time optimisation must not drop them. */
#if __has_attribute(externally_visible)
#define WRAP __attribute__((used, externally_visible))
#else /* clang: `used` is enough */
#define WRAP __attribute__((used))
#endif
int WRAP __wrap_rte_eth_dev_configure(uint16_t port, uint16_t rx_queues, uint16_t tx_queues,
				      const struct rte_eth_conf *conf);
int WRAP __wrap_rte_eth_dev_callback_register(uint16_t port, enum rte_eth_event_type event,
					      rte_eth_dev_cb_fn fn, void *arg);

int __wrap_rte_eth_dev_callback_register(uint16_t port, enum rte_eth_event_type event,
					 rte_eth_dev_cb_fn fn, void *arg)
{
	struct rte_eth_dev_info info;

	if (event == RTE_ETH_EVENT_INTR_LSC) {
		on_change = fn;
		on_change_arg = arg;
	}
	if (rte_eth_dev_info_get(port, &info) == 0)
		*(uint32_t *)(uintptr_t)info.dev_flags |= RTE_ETH_DEV_INTR_LSC;
	return __real_rte_eth_dev_callback_register(port, event, fn, arg);
}

int __wrap_rte_eth_dev_configure(uint16_t port, uint16_t rx_queues, uint16_t tx_queues,
				 const struct rte_eth_conf *conf)
{
	asked = conf->intr_conf.lsc;
	return __real_rte_eth_dev_configure(port, rx_queues, tx_queues, conf);
}

static int open_port(void **state)
{
	(void)state;
	cfg = (struct kb_config){
		.plane = KB_PLANE_DPDK,
		.queues = 1,
		.mtu = 1500,
		.rx_ring = 256,
		.tx_ring = 256,
		.frames = 2048,
		.burst = 32,
		.addr = 0x0100000a, /* 10.0.0.1 */
		.prefix = 24,
	};
	strcpy(cfg.eal_args,
	       "--no-pci --no-huge --no-shconf --no-telemetry -m 64 --vdev=net_ring0");
	const size_t size = sizeof(*stats) + sizeof(stats->queue[0]);
	stats = aligned_alloc(64, (size + 63) / 64 * 64);
	if (!stats)
		return -1;
	memset(stats, 0, size);
	stats->queues = 1;
	if (kb_backend_open(&be, &cfg, stats) < 0) {
		print_error("%s\n", kb_err_text());
		return -1;
	}
	q = kb_backend_queue(be, 0);
	return 0;
}

static int close_port(void **state)
{
	(void)state;
	kb_backend_close(be);
	free(stats);
	return 0;
}

/* A few looks at the port, and polls. Returns how often it has announced its address until now. */
static uint64_t announced(void)
{
	struct kb_pkt pkt[4];

	for (int i = 0; i < 5; i++) {
		assert_int_equal(kb_backend_housekeep(be), 0);
		assert_int_equal(kb_rx_burst(q, pkt, 4, &(struct kb_burst){0}), 0);
	}
	return kb_stat_get(&stats->queue[0].cause[KB_CAUSE_NOT_IPV4]); /* ARP */
}

static void change(void)
{
	assert_non_null(on_change);
	on_change(PORT, RTE_ETH_EVENT_INTR_LSC, on_change_arg, NULL);
}

static void a_device_that_interrupts_is_asked_to(void **state)
{
	(void)state;

	assert_true(asked);
}

static void a_link_that_was_away_is_announced_once(void **state)
{
	(void)state;

	assert_int_equal(announced(), 1);
	/* Away and back, before anybody looked. */
	change();
	change();
	assert_int_equal(announced(), 2);
	assert_int_equal(announced(), 2);
	assert_non_null(strstr(stats->detail, "link=up"));

	/* Away for longer. */
	assert_int_equal(rte_eth_dev_set_link_down(PORT), 0);
	change();
	assert_int_equal(announced(), 2);
	assert_non_null(strstr(stats->detail, "link=down"));
	assert_int_equal(rte_eth_dev_set_link_up(PORT), 0);
	change();
	assert_int_equal(announced(), 3);
	assert_non_null(strstr(stats->detail, "link=up"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_that_interrupts_is_asked_to),
		cmocka_unit_test(a_link_that_was_away_is_announced_once),
	};

	return cmocka_run_group_tests(tests, open_port, close_port);
}
