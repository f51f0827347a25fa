// SPDX-License-Identifier: Apache-2.0
/* The ring handler's producer against a consumer written from Agrona's layout alone. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "kb/error.h"
#include "../src/handlers/ring/agrona_ring.h"

#define CAPACITY 65536u

static char path[64];

static int open_ring(struct kb_ring *ring)
{
	snprintf(path, sizeof(path), "/dev/shm/kb-test-ring-%d", getpid());
	return kb_ring_open(ring, path, CAPACITY);
}

/* Reads one record the way an Agrona consumer does; returns its length, 0 when there is none. */
static uint32_t consume(struct kb_ring *ring, uint8_t *out, int32_t *type)
{
	uint64_t *const head_at = (uint64_t *)(void *)(ring->buffer + CAPACITY + 384);
	for (;;) {
		const uint64_t head = *head_at;
		const uint32_t index = (uint32_t)head & (CAPACITY - 1);
		int32_t *const header = (int32_t *)(void *)(ring->buffer + index);
		const int32_t length = __atomic_load_n(&header[0], __ATOMIC_ACQUIRE);
		if (length <= 0)
			return 0;
		const int32_t kind = header[1];
		const uint32_t aligned = ((uint32_t)length + 7u) & ~7u;
		if (kind != -1) {
			memcpy(out, ring->buffer + index + 8, (uint32_t)length - 8);
			*type = kind;
		}
		__atomic_store_n(head_at, head + aligned, __ATOMIC_RELEASE);
		if (kind != -1)
			return (uint32_t)length - 8;
	}
}

static uint32_t length_of(uint32_t i)
{
	return 4 + i * 7919u % 1500u;
}

struct reader {
	struct kb_ring *ring;
	uint32_t messages;
	uint32_t wrong;
};

static void *read_all(void *arg)
{
	struct reader *r = arg;
	uint8_t message[2048];
	int32_t type = 0;
	for (uint32_t i = 0; i < r->messages;) {
		const uint32_t length = consume(r->ring, message, &type);
		if (length == 0) {
			usleep(10);
			continue;
		}
		uint32_t number;
		memcpy(&number, message, sizeof(number));
		r->wrong += number != i || length != length_of(i) || type != 1 ||
			    (length > 4 && message[length - 1] != (uint8_t)i);
		i++;
	}
	return NULL;
}

static void two_threads_keep_order_and_content(void **state)
{
	(void)state;
	struct kb_ring ring;
	assert_int_equal(open_ring(&ring), 0);
	struct reader reader = {.ring = &ring, .messages = 200000};
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
	for (uint32_t i = 0; i < reader.messages;) {
		const uint32_t length = length_of(i);
		uint8_t *const at = kb_ring_claim(&ring, length);
		if (at == NULL) {
			usleep(10);
			continue;
		}
		memset(at, (uint8_t)i, length);
		memcpy(at, &i, sizeof(i));
		kb_ring_commit(&ring, at, 1, length);
		i++;
	}
	pthread_join(thread, NULL);
	assert_int_equal(reader.wrong, 0);
	kb_ring_close(&ring);
	unlink(path);
}

static void a_dead_consumer_fills_the_ring_and_a_new_one_goes_on(void **state)
{
	(void)state;
	struct kb_ring ring;
	uint8_t message[2048];
	int32_t type;
	uint32_t written = 0, read = 0;

	assert_int_equal(open_ring(&ring), 0);
	for (uint8_t *at; (at = kb_ring_claim(&ring, 100)) != NULL; written++) {
		memset(at, 7, 100);
		kb_ring_commit(&ring, at, 1, 100);
	}
	/* 112 bytes a record; one header stays free. */
	assert_int_equal(written, (CAPACITY - 8) / 112);
	assert_null(kb_ring_claim(&ring, 100));
	while (consume(&ring, message, &type) == 100)
		read++;
	assert_int_equal(read, written);
	assert_non_null(kb_ring_claim(&ring, 100));
	kb_ring_close(&ring);
	unlink(path);
}

static void a_restart_takes_the_ring_over_and_finishes_what_was_left(void **state)
{
	(void)state;
	struct kb_ring ring;
	uint8_t message[2048];
	int32_t type;

	assert_int_equal(open_ring(&ring), 0);
	uint8_t *at = kb_ring_claim(&ring, 100);
	memset(at, 1, 100);
	kb_ring_commit(&ring, at, 1, 100);
	assert_non_null(kb_ring_claim(&ring, 200)); /* claimed, and the producer dies */
	kb_ring_close(&ring);

	assert_int_equal(open_ring(&ring), 0);
	at = kb_ring_claim(&ring, 300);
	memset(at, 3, 300);
	kb_ring_commit(&ring, at, 1, 300);
	assert_int_equal(consume(&ring, message, &type), 100);
	assert_int_equal(consume(&ring, message, &type), 300);
	assert_int_equal(message[0], 3);
	assert_int_equal(consume(&ring, message, &type), 0);
	kb_ring_close(&ring);
	unlink(path);
}

static void another_size_is_refused(void **state)
{
	(void)state;
	struct kb_ring ring, other;
	assert_int_equal(open_ring(&ring), 0);
	assert_int_equal(kb_ring_open(&other, path, 2 * CAPACITY), -1);
	kb_ring_close(&ring);
	unlink(path);
}

static void a_message_over_half_the_ring_is_refused(void **state)
{
	(void)state;
	struct kb_ring ring;
	assert_int_equal(open_ring(&ring), 0);
	assert_null(kb_ring_claim(&ring, CAPACITY / 2));
	kb_ring_close(&ring);
	unlink(path);
}

/* Of the right size, and something else: taken over, it would be gone through without end. */
static void what_is_no_ring_is_refused(void **state)
{
	static const struct {
		uint64_t head, tail, head_cache;
	} wrong[] = {
		{.head = 0, .tail = 1ull << 62},
		{.head = 64, .tail = 0},
		{.head = 8, .tail = CAPACITY + 16},
		{.head = 4, .tail = 16},
		{.head = 0, .tail = 3},
		{.head = 8, .tail = 16, .head_cache = 64},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct kb_ring ring;
		assert_int_equal(open_ring(&ring), 0);
		*kb_ring_position(&ring, KB_RING_HEAD) = wrong[i].head;
		*kb_ring_position(&ring, KB_RING_TAIL) = wrong[i].tail;
		*kb_ring_position(&ring, KB_RING_HEAD_CACHE) = wrong[i].head_cache;
		kb_ring_close(&ring);
		assert_int_equal(open_ring(&ring), -1);
		assert_non_null(strstr(kb_err_text(), "holds no ring: stop its consumers"));
		assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
		kb_err_clear();
		unlink(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_threads_keep_order_and_content),
		cmocka_unit_test(a_dead_consumer_fills_the_ring_and_a_new_one_goes_on),
		cmocka_unit_test(a_restart_takes_the_ring_over_and_finishes_what_was_left),
		cmocka_unit_test(another_size_is_refused),
		cmocka_unit_test(a_message_over_half_the_ring_is_refused),
		cmocka_unit_test(what_is_no_ring_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
