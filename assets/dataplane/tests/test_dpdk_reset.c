// SPDX-License-Identifier: Apache-2.0
/*
 * A device that wants a reset, as ENA does when its keep-alive stays out. The port is DPDK's
 * net_null, which knows no reset: the linker's --wrap puts the device's part here, and the rest,
 * EAL, threads, parking, and restarting the port, is real.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include <rte_ethdev.h>

#include "kb/backend.h"
#include "kb/error.h"

#define QUEUES	    2u
#define PATIENCE_NS 10000000000ull /* a deadline for a hung test, no measure of speed */

static struct kb_config cfg;
static struct kb_stats *stats;
static struct kb_backend *be;
static pthread_t threads[QUEUES];
static atomic_bool stop;

/* What the device told us to call, and what it does when it is reset. */
static rte_eth_dev_cb_fn on_event;
static void *on_event_arg;
static int resets;
static int reset_result;
static bool moved_during_reset;

int __real_rte_eth_dev_callback_register(uint16_t port, enum rte_eth_event_type event,
					 rte_eth_dev_cb_fn fn, void *arg);
/* Only the linker knows that these are called: link-time optimisation must not drop them. */
#if __has_attribute(externally_visible)
#define WRAP __attribute__((used, externally_visible))
#else /* clang: `used` is enough */
#define WRAP __attribute__((used))
#endif
int WRAP __wrap_rte_eth_dev_callback_register(uint16_t port, enum rte_eth_event_type event,
					      rte_eth_dev_cb_fn fn, void *arg);
int WRAP __wrap_rte_eth_dev_reset(uint16_t port);

int __wrap_rte_eth_dev_callback_register(uint16_t port, enum rte_eth_event_type event,
					 rte_eth_dev_cb_fn fn, void *arg)
{
	if (event == RTE_ETH_EVENT_INTR_RESET) {
		on_event = fn;
		on_event_arg = arg;
	}
	return __real_rte_eth_dev_callback_register(port, event, fn, arg);
}

static void pause_ms(long ms)
{
	const struct timespec t = {.tv_nsec = ms * 1000000};
	nanosleep(&t, NULL);
}

/* net_null receives empty frames without end: each poll that enters the driver counts here. */
static uint64_t polled(uint32_t queue)
{
	return kb_stat_get(&stats->queue[queue].cause[KB_CAUSE_NOT_IPV4]);
}

int __wrap_rte_eth_dev_reset(uint16_t port)
{
	const uint64_t before[QUEUES] = {polled(0), polled(1)};
	pause_ms(50);
	moved_during_reset = polled(0) != before[0] || polled(1) != before[1];
	resets++;
	return reset_result ? reset_result : rte_eth_dev_stop(port);
}

/* Queue 0 receives, as the loop does. Queue 1 sends and does not give up: a stubborn handler. */
static void *receive(void *arg)
{
	struct kb_queue *const q = kb_backend_queue(be, 0);
	struct kb_pkt v[32];
	(void)arg;
	if (kb_queue_attach(q) < 0)
		return NULL;
	while (!atomic_load(&stop))
		kb_rx_release(q, v, kb_rx_burst(q, v, 32, &(struct kb_burst){0}));
	return NULL;
}

static void *send_on(void *arg)
{
	static const uint8_t payload[64];
	const struct kb_tx t = {
		.payload = payload, .dst_addr = 0xffffffffu, .dst_port = 9, .len = sizeof(payload)};
	struct kb_queue *const q = kb_backend_queue(be, 1);
	(void)arg;
	if (kb_queue_attach(q) < 0)
		return NULL;
	while (!atomic_load(&stop))
		while (kb_tx_burst(q, &t, 1) == 0 && !atomic_load(&stop))
			;
	return NULL;
}

static int open_port(void **state)
{
	(void)state;
	cfg = (struct kb_config){
		.plane = KB_PLANE_DPDK,
		.queues = QUEUES,
		.mtu = 1500,
		.rx_ring = 256,
		.tx_ring = 256,
		.frames = 2048,
		.burst = 32,
		.addr = 0x0100000a, /* 10.0.0.1 */
		.prefix = 24,
	};
	strcpy(cfg.eal_args,
	       "--no-pci --no-huge --no-shconf --no-telemetry -m 64 --vdev=net_null0");
	const size_t size = sizeof(*stats) + QUEUES * sizeof(stats->queue[0]);
	stats = aligned_alloc(64, (size + 63) / 64 * 64);
	if (!stats)
		return -1;
	memset(stats, 0, size);
	if (kb_backend_open(&be, &cfg, stats) < 0) {
		print_error("%s\n", kb_err_text());
		return -1;
	}
	return pthread_create(&threads[0], NULL, receive, NULL) ||
	       pthread_create(&threads[1], NULL, send_on, NULL);
}

static int close_port(void **state)
{
	(void)state;
	atomic_store(&stop, true);
	for (uint32_t i = 0; i < QUEUES; i++)
		pthread_join(threads[i], NULL);
	kb_backend_close(be);
	free(stats);
	return 0;
}

static bool before(uint64_t deadline)
{
	return kb_clock_ns(CLOCK_MONOTONIC) < deadline;
}

static bool both_go_on(void)
{
	const uint64_t deadline = kb_clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
	const uint64_t received = polled(0);
	const uint64_t sent = kb_stat_get(&stats->queue[1].sent);
	while (before(deadline)) {
		if (polled(0) > received && kb_stat_get(&stats->queue[1].sent) > sent)
			return true;
		pause_ms(1);
	}
	return false;
}

static int housekeep_until(int wanted_resets)
{
	const uint64_t deadline = kb_clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
	int result = 0;
	while (result == 0 && resets < wanted_resets && before(deadline)) {
		result = kb_backend_housekeep(be);
		pause_ms(1);
	}
	return result;
}

static void port_receives_and_sends_again_after_each_reset(void **state)
{
	(void)state;
	assert_non_null(on_event);
	assert_true(both_go_on());
	for (int i = 1; i <= 3; i++) {
		const uint64_t received = polled(0);
		const uint64_t sent = kb_stat_get(&stats->queue[1].sent);
		on_event(0, RTE_ETH_EVENT_INTR_RESET, on_event_arg, NULL);
		assert_int_equal(housekeep_until(i), 0);
		assert_int_equal(resets, i);
		assert_false(moved_during_reset);
		assert_true(both_go_on());
		/* Counters went on from where they were. */
		assert_true(polled(0) > received);
		assert_true(kb_stat_get(&stats->queue[1].sent) > sent);
	}
	assert_non_null(strstr(stats->detail, " resets=3 "));
}

static void a_reset_that_fails_ends_the_receiver(void **state)
{
	(void)state;
	reset_result = -EIO;
	on_event(0, RTE_ETH_EVENT_INTR_RESET, on_event_arg, NULL);
	kb_err_clear();
	assert_int_equal(housekeep_until(4), -1);
	assert_int_equal(kb_err_exit(), KB_EXIT_RETRY);
	assert_non_null(strstr(kb_err_text(), "reset of the net_null port"));
	assert_non_null(strstr(kb_err_text(), "Input/output error"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(port_receives_and_sends_again_after_each_reset),
		cmocka_unit_test(a_reset_that_fails_ends_the_receiver),
	};
	return cmocka_run_group_tests(tests, open_port, close_port);
}
