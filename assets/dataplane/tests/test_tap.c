// SPDX-License-Identifier: Apache-2.0
/* Both ends of a tap in one process: what goes in comes out, or is counted; nobody's nonsense
 * hurts. */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dump/tap_client.h"
#include "kb/error.h"
#include "kb/tap.h"

#define RING	KB_TAP_MIN_RING
#define SNAPLEN 256u

static struct kb_config cfg;
static struct kb_stats *page;
static struct kb_tap_client client;
static char dir[] = "/tmp/kb-test-tap-XXXXXX";

static int prepare(void **state)
{
	(void)state;
	page = calloc(1, sizeof(*page));
	if (!page)
		return -1;
	page->queues = 2;
	strcpy(page->plane, "afxdp");
	snprintf(cfg.stats_page, sizeof(cfg.stats_page), "%s/stats", dir);
	kb_tap_listen(&cfg, page);
	client = (struct kb_tap_client){.fd = -1};
	return 0;
}

static int clean(void **state)
{
	(void)state;
	kb_tap_client_close(&client);
	kb_tap_close();
	free(page);
	return 0;
}

struct attempt {
	const char *path;
	uint32_t ring;
	int result;
	char text[256];
	atomic_bool done;
};

static void *attach_thread(void *arg)
{
	struct attempt *const a = arg;

	a->result = kb_tap_client_open(&client, a->path, SNAPLEN, a->ring);
	snprintf(a->text, sizeof(a->text), "%s", kb_err_text());
	kb_err_clear();
	atomic_store(&a->done, true);
	return NULL;
}

/* Attaches while this thread is the receiver's main thread. */
static void attach(struct attempt *a)
{
	char path[300];
	pthread_t thread;

	snprintf(path, sizeof(path), "%s%s", cfg.stats_page, KB_TAP_SUFFIX);
	a->path = path;
	assert_int_equal(pthread_create(&thread, NULL, attach_thread, a), 0);
	while (!atomic_load(&a->done)) {
		kb_tap_housekeep();
		usleep(100);
	}
	pthread_join(thread, NULL);
}

static void attach_well(void)
{
	struct attempt a = {.ring = RING};

	attach(&a);
	if (a.result)
		fail_msg("%s", a.text);
}

/* A frame of `len` bytes, all `fill`. */
static void put(uint32_t queue, uint32_t len, uint8_t fill, uint64_t ns)
{
	static uint8_t frame[4096];
	struct kb_tap *const t = kb_tap_begin(queue);

	memset(frame, fill, len);
	assert_non_null(t);
	kb_tap_frame(t, frame, len, len, ns, KB_TAP_DELIVERED);
	kb_tap_end(t);
}

static void nobody_is_attached(void **state)
{
	(void)state;
	assert_false(kb_tap_wanted(0));
	assert_null(kb_tap_begin(0));
	assert_int_equal(kb_taps[0].busy, 0);
}

static void frames_come_out_oldest_first(void **state)
{
	struct kb_tap_item item;
	(void)state;

	attach_well();
	assert_true(kb_tap_wanted(0));
	put(0, 100, 1, 10);
	put(0, 100, 2, 30);
	put(1, SNAPLEN + 50, 3, 20);
	for (uint8_t i = 1; i <= 3; i++) {
		const uint8_t order[] = {1, 3, 2};

		assert_int_equal(kb_tap_client_next(&client, &item), 1);
		assert_int_equal(item.data[0], order[i - 1]);
		assert_int_equal(item.data[item.about.captured - 1], order[i - 1]);
		assert_int_equal(item.about.captured, item.queue ? SNAPLEN : 100);
		assert_int_equal(item.about.wire, item.queue ? SNAPLEN + 50 : 100);
	}
	assert_int_equal(kb_tap_client_next(&client, &item), 0);
}

static void every_place_in_the_ring_is_used_and_none_beyond(void **state)
{
	struct kb_tap_item item;
	uint64_t bytes = 0;
	(void)state;

	attach_well();
	/* Several times around, by lengths that end at every offset a record can end at. */
	for (uint32_t i = 0; bytes < 5ull * RING; i++) {
		const uint32_t len = 1 + i % SNAPLEN;

		put(0, len, (uint8_t)i, i);
		assert_int_equal(kb_tap_client_next(&client, &item), 1);
		assert_int_equal(item.about.captured, len);
		assert_int_equal(item.data[0], (uint8_t)i);
		assert_int_equal(item.data[len - 1], (uint8_t)i);
		assert_between(item.data - client.shared, KB_TAP_DATA, KB_TAP_DATA + RING - len);
		kb_tap_client_release(&client);
		bytes += item.about.size;
	}
	assert_int_equal(client.ring[0].dropped, 0);
}

static void what_finds_no_room_is_counted(void **state)
{
	struct kb_tap_item item;
	uint64_t n = 0;
	(void)state;

	attach_well();
	for (uint32_t i = 0; i < 1000; i++)
		put(0, SNAPLEN, (uint8_t)i, i);
	while (kb_tap_client_next(&client, &item) == 1)
		assert_int_equal(item.about.ns, n++);
	assert_int_equal(client.ring[0].seen, 1000);
	assert_int_equal(client.ring[0].dropped, 1000 - n);
	assert_true(n > 0 && n < 1000);
	kb_tap_client_release(&client);
	/* The next one that fits says how many were lost before it. */
	put(0, SNAPLEN, 1, 1000);
	assert_int_equal(kb_tap_client_next(&client, &item), 1);
	assert_int_equal(item.about.dropped, 1000 - n);
}

static void a_readers_nonsense_stops_only_its_own_capture(void **state)
{
	const uint64_t nonsense[] = {UINT64_MAX, 1ull << 40, 1};
	(void)state;

	attach_well();
	for (uint32_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		client.ring[0].tail = nonsense[i];
		client.ring[0].head = nonsense[i]; /* ours to publish, never to read */
		for (uint32_t k = 0; k < 2000; k++)
			put(0, SNAPLEN, 0xaa, k);
	}
	assert_true(client.ring[0].dropped > 0);
}

static void a_receivers_nonsense_is_refused(void **state)
{
	struct kb_tap_item item;
	(void)state;

	attach_well();
	put(0, 100, 1, 10);
	struct kb_tap_record *const r = (void *)(client.shared + KB_TAP_DATA);
	const struct kb_tap_record good = *r;
	const struct kb_tap_record bad[] = {
		{.size = 0, .kind = KB_TAP_FRAME},
		{.size = 31, .kind = KB_TAP_FRAME},
		{.size = 2 * RING, .kind = KB_TAP_FRAME},
		{.size = good.size, .kind = KB_TAP_FRAME, .captured = good.size},
		{.size = good.size + KB_TAP_ALIGN, .kind = KB_TAP_FRAME},
		{.size = good.size, .kind = KB_TAP_FRAME, .captured = 100, .wire = 99},
	};
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		*r = bad[i];
		assert_int_equal(kb_tap_client_next(&client, &item), -1);
		assert_contains(kb_err_text(), "no record");
		kb_err_clear();
	}
	*r = good;
	const uint64_t head = client.ring[0].head;
	client.ring[0].head = head + RING; /* more than the ring can hold */
	assert_int_equal(kb_tap_client_next(&client, &item), -1);
	kb_err_clear();
	client.ring[0].head = head;
	assert_int_equal(kb_tap_client_next(&client, &item), 1);
}

static void a_receiver_cannot_change_afterwards_what_it_said(void **state)
{
	struct kb_tap_item item;
	(void)state;

	attach_well();
	struct kb_tap_area *const shared = (void *)client.shared;
	memset(shared->iface, 'x', sizeof(shared->iface));
	shared->queues = UINT32_MAX;
	shared->ring_bytes = UINT32_MAX;
	shared->snaplen = 0;
	put(0, 100, 1, 10);
	assert_int_equal(kb_tap_client_next(&client, &item), 1);
	assert_int_equal(item.about.captured, 100);
	assert_int_equal(client.area.queues, 2);
	assert_non_null(memchr(client.area.iface, '\0', sizeof(client.area.iface)));
}

static void memory_that_could_be_taken_back_is_refused(void **state)
{
	struct kb_tap_client c = {.fd = -1};
	const int fd = memfd_create("area", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	(void)state;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, KB_TAP_DATA + RING), 0);
	assert_int_equal(kb_tap_client_map(&c, fd), -1);
	assert_contains(kb_err_text(), "memory that it could take back");
	kb_err_clear();
	close(fd);
}

static void a_burst_tells_its_worst_latency_and_the_gaps(void **state)
{
	const struct kb_pkt v[3] = {{.rx_ns = 900}, {.rx_ns = 400}, {.rx_ns = 950}};
	struct kb_tap_outcome outcome;
	struct kb_tap_item item;
	(void)state;

	attach_well();
	kb_tap_burst(v, 3, 1000, 7);
	assert_int_equal(kb_tap_client_next(&client, &item), 1);
	assert_int_equal(item.about.kind, KB_TAP_BURST);
	memcpy(&outcome, item.data, sizeof(outcome));
	assert_int_equal(outcome.latency_ns, 600);
	assert_int_equal(outcome.gaps, 7);
	assert_int_equal(outcome.n, 3);
}

static void a_burst_that_finds_no_room_is_told_with_the_next(void **state)
{
	struct kb_pkt v = {.rx_ns = 500};
	struct kb_tap_outcome outcome;
	struct kb_tap_item item;
	(void)state;

	attach_well();
	/* As large as an outcome: then there is no room for one either. */
	for (uint32_t i = 0; i < RING; i++)
		put(0, sizeof(outcome), 0, i);
	assert_true(kb_taps[0].dropped > 0);
	kb_tap_burst(&v, 1, 1000, 7);
	v.rx_ns = 1900;
	kb_tap_burst(&v, 1, 2000, 8);
	while (kb_tap_client_next(&client, &item) == 1)
		assert_int_equal(item.about.kind, KB_TAP_FRAME);
	kb_tap_client_release(&client);
	for (uint32_t i = 0; i < 2; i++) { /* once, and then no more of it */
		kb_tap_burst(&v, 1, 2100, 9);
		assert_int_equal(kb_tap_client_next(&client, &item), 1);
		memcpy(&outcome, item.data, sizeof(outcome));
		assert_int_equal(outcome.n, i == 0 ? 3 : 1);
		assert_int_equal(outcome.latency_ns, i == 0 ? 500 : 200);
		assert_int_equal(outcome.gaps, 9);
	}
}

static void a_reader_that_goes_is_forgotten_but_not_under_a_queues_feet(void **state)
{
	(void)state;
	attach_well();
	struct kb_tap *const inside = kb_tap_begin(0);
	kb_tap_client_close(&client);
	for (int i = 0; i < 100 && kb_tap_wanted(1); i++)
		kb_tap_housekeep();
	assert_false(kb_tap_wanted(0));
	/* Still there: the thread of queue 0 is in the middle of a burst. */
	for (uint32_t i = 0; i < 2 * RING / KB_TAP_ALIGN; i++)
		kb_tap_frame(inside, (const uint8_t *)"x", 1, 1, 1, KB_TAP_DELIVERED);
	struct attempt second = {.ring = RING};
	attach(&second);
	assert_int_equal(second.result, -1);
	assert_contains(second.text, "another kb-dump is attached");
	kb_tap_end(inside);
	kb_tap_housekeep();
	attach_well();
}

/* A queue's thread as in a receiver: it never waits, whoever comes and goes. */
static void *receive_bursts(void *arg)
{
	const atomic_bool *const stop = arg;
	static const uint8_t frame[SNAPLEN];

	for (uint64_t i = 1; !atomic_load(stop); i++) {
		struct kb_tap *const t = kb_tap_wanted(0) ? kb_tap_begin(0) : NULL;

		if (!t)
			continue;
		for (uint32_t k = 0; k < 8; k++)
			kb_tap_frame(t, frame, 1 + (uint32_t)(i + k) % SNAPLEN, SNAPLEN, i, 0);
		kb_tap_end(t);
	}
	return NULL;
}

static void readers_come_and_go_while_frames_flow(void **state)
{
	struct kb_tap_item item;
	atomic_bool stop = false;
	pthread_t thread;
	(void)state;

	assert_int_equal(pthread_create(&thread, NULL, receive_bursts, &stop), 0);
	for (int round = 0; round < 20; round++) {
		struct attempt a = {.ring = RING};
		uint64_t n = 0;

		/* The one before may still be forgotten. */
		for (int tries = 0; tries < 10000; tries++) {
			a = (struct attempt){.ring = RING};
			attach(&a);
			if (a.result == 0)
				break;
		}
		assert_int_equal(a.result, 0);
		for (int looks = 0; n < 100 && looks < 1000000; looks++) {
			const int got = kb_tap_client_next(&client, &item);

			assert_true(got >= 0);
			n += (uint64_t)got;
			kb_tap_client_release(&client);
			if (got == 0)
				sched_yield(); /* a busy machine may not run the other thread */
		}
		assert_int_equal(n, 100);
		kb_tap_client_close(&client);
		kb_tap_housekeep();
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
}

static void what_cannot_be_shared_is_refused_in_words(void **state)
{
	struct attempt large = {.ring = KB_TAP_MAX_RING};
	struct attempt odd = {.ring = RING + 1};
	(void)state;

	page->queues = 8;
	attach(&large);
	assert_int_equal(large.result, -1);
	assert_contains(large.text, "256 MiB for each of 8 queues is more than the 1024 MiB");
	page->queues = 2;
	attach(&odd);
	assert_int_equal(odd.result, -1);
	assert_contains(odd.text, "no such snaplen or buffer");
	assert_false(kb_tap_wanted(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_is_attached, prepare, clean),
		cmocka_unit_test_setup_teardown(frames_come_out_oldest_first, prepare, clean),
		cmocka_unit_test_setup_teardown(every_place_in_the_ring_is_used_and_none_beyond,
						prepare, clean),
		cmocka_unit_test_setup_teardown(what_finds_no_room_is_counted, prepare, clean),
		cmocka_unit_test_setup_teardown(a_readers_nonsense_stops_only_its_own_capture,
						prepare, clean),
		cmocka_unit_test_setup_teardown(a_receivers_nonsense_is_refused, prepare, clean),
		cmocka_unit_test_setup_teardown(a_receiver_cannot_change_afterwards_what_it_said,
						prepare, clean),
		cmocka_unit_test_setup_teardown(memory_that_could_be_taken_back_is_refused, prepare,
						clean),
		cmocka_unit_test_setup_teardown(a_burst_tells_its_worst_latency_and_the_gaps,
						prepare, clean),
		cmocka_unit_test_setup_teardown(a_burst_that_finds_no_room_is_told_with_the_next,
						prepare, clean),
		cmocka_unit_test_setup_teardown(
			a_reader_that_goes_is_forgotten_but_not_under_a_queues_feet, prepare,
			clean),
		cmocka_unit_test_setup_teardown(readers_come_and_go_while_frames_flow, prepare,
						clean),
		cmocka_unit_test_setup_teardown(what_cannot_be_shared_is_refused_in_words, prepare,
						clean),
	};

	if (!mkdtemp(dir))
		return 1;
	const int failures = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failures;
}
