// SPDX-License-Identifier: Apache-2.0
/* The queues' threads around the fake back-end, with a handler that can hang or refuse to start. */
#include "check.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "fake.h"
#include "kb/error.h"
#include "packets.h"
#include "worker.h"

#define PATIENCE_MS 20000

static struct {
	atomic_bool hold; /* on_burst does not return */
	atomic_bool holding;
	atomic_bool refuse; /* init fails */
	atomic_uint inits, finis;
	struct kb_handler_env env;
	int cpus; /* of the queue's thread */
	int cpu;
} h;

const struct kb_handler_info kb_handler_info = {
	.abi = KB_HANDLER_ABI, .name = "test", .counters = {NULL}};

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	cpu_set_t set;

	h.env = *env;
	sched_getaffinity(0, sizeof(set), &set);
	h.cpus = CPU_COUNT(&set);
	h.cpu = sched_getcpu();
	*out = NULL;
	if (h.refuse)
		return kb_err_set(KB_EXIT_CONFIG, 0, "argument depth is missing");
	h.inits++;
	return 0;
}

void kb_handler_on_burst(struct kb_handler *handler, const struct kb_pkt *v, uint32_t n,
			 uint64_t now_ns)
{
	(void)handler;
	(void)v;
	(void)n;
	(void)now_ns;
	while (h.hold) {
		h.holding = true;
		usleep(1000);
	}
}

void kb_handler_tick(struct kb_handler *handler, uint64_t now_ns)
{
	(void)handler;
	(void)now_ns;
}

void kb_handler_fini(struct kb_handler *handler)
{
	(void)handler;
	h.finis++;
}

static struct kb_config cfg;
static struct kb_stats *page;
static struct kb_backend *be;
static struct kb_workers *workers;
static uint8_t frame[PACKET_MAX];
static struct kb_fake_frame script;

static int prepare(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	memset(&kb_fake, 0, sizeof(kb_fake));
	page = aligned_alloc(64, sizeof(*page) + sizeof(page->queue[0]));
	if (!page)
		return -1;
	memset(page, 0, sizeof(*page) + sizeof(page->queue[0]));
	page->queues = 1;
	cfg = (struct kb_config){.queues = 1, .burst = 1, .handler_args = "depth=5"};
	cfg.flows = (struct kb_flows){.n = 1, .flow = {{.addr = 0, .port = PACKET_PORT}}};
	script = (struct kb_fake_frame){.bytes = frame,
					.len = packet_build(frame, &(struct packet_spec){0})};
	kb_fake.frames = &script;
	kb_fake.n = 1;
	kb_fake.repeat = UINT32_MAX; /* more than any test waits for */
	return kb_backend_open(&be, &cfg, page);
}

static int clean(void **state)
{
	(void)state;
	kb_backend_close(be);
	free(page);
	return 0;
}

static void start(void)
{
	if (kb_workers_start(&workers, &cfg, be, page))
		fail_msg("%s", kb_err_text());
}

#define await(condition)                                                                           \
	do {                                                                                       \
		for (int ms_ = 0; !(condition); ms_++) {                                           \
			if (ms_ == PATIENCE_MS)                                                    \
				fail_msg("never: %s", #condition);                                 \
			usleep(1000);                                                              \
		}                                                                                  \
	} while (0)

static void a_queue_runs_until_it_is_stopped(void **state)
{
	(void)state;
	start();
	await(kb_workers_alive(workers));
	await(kb_workers_alive(workers)); /* and goes on */
	assert_int_equal(kb_workers_check(workers), 0);
	kb_workers_stop(workers);
	assert_int_equal(h.inits, 1);
	assert_int_equal(h.finis, 1);
	assert_true(page->queue[0].received > 0);
	assert_int_equal(kb_fake.released, kb_fake.given);
}

static void the_handler_gets_its_queues_environment(void **state)
{
	struct kb_queue_stats *const q = &page->queue[0];
	(void)state;

	start();
	await(h.inits);
	kb_workers_stop(workers);
	assert_int_equal(h.env.queue, 0);
	assert_int_equal(h.env.queues, 1);
	assert_string_equal(h.env.args, "depth=5");
	assert_ptr_equal(h.env.counters, q->handler);
	assert_ptr_equal(h.env.hist, &q->own);
	assert_ptr_equal(h.env.oneway, &q->oneway);
	assert_ptr_equal(h.env.gaps, &q->gaps);
	assert_ptr_equal(h.env.dropped, &q->cause[KB_CAUSE_HANDLER]);
	assert_ptr_equal(h.env.unsent, &q->unsent);
	assert_ptr_equal(h.env.tx, kb_backend_queue(be, 0));
}

static void a_hanging_handler_is_not_alive(void **state)
{
	(void)state;
	h.hold = true;
	start();
	await(h.holding);
	kb_workers_alive(workers); /* takes note of the polls so far */
	for (int i = 0; i < 20; i++) {
		usleep(5000);
		assert_false(kb_workers_alive(workers));
	}
	h.hold = false;
	await(kb_workers_alive(workers));
	kb_workers_stop(workers);
}

static void a_handler_that_does_not_start_is_reported(void **state)
{
	(void)state;
	h.refuse = true;
	start();
	await(kb_workers_check(workers) != 0);
	assert_string_equal(kb_err_text(),
			    "queue 0: start handler test: argument depth is missing");
	assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
	kb_workers_stop(workers);
	assert_int_equal(h.finis, 0);
}

static void a_queue_stays_on_its_core(void **state)
{
	cpu_set_t set;
	int last = 0;
	(void)state;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			last = cpu;
	cfg.rx_cores = (struct kb_cores){.n = 1, .cpu = {(uint16_t)last}};
	start();
	await(h.inits);
	kb_workers_stop(workers);
	assert_int_equal(h.cpus, 1);
	assert_int_equal(h.cpu, last);
}

static void a_handler_that_hangs_is_named_and_waited_for_no_longer(void **state)
{
	(void)state;
	h.hold = true;
	start();
	await(h.holding);
	assert_int_equal(kb_workers_stop(workers), -1);
	assert_int_equal(kb_err_exit(), KB_EXIT_RETRY);
	assert_contains(kb_err_text(),
			"queue 0 does not stop: handler test has not returned for 5 s");
	h.hold = false; /* it does return after all */
	assert_int_equal(kb_workers_stop(workers), 0);
	assert_int_equal(h.finis, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, prepare, clean)
	const struct CMUnitTest tests[] = {
		CASE(a_queue_runs_until_it_is_stopped),
		CASE(the_handler_gets_its_queues_environment),
		CASE(a_hanging_handler_is_not_alive),
		CASE(a_handler_that_does_not_start_is_reported),
		CASE(a_queue_stays_on_its_core),
		CASE(a_handler_that_hangs_is_named_and_waited_for_no_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
