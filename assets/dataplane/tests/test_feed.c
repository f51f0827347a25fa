// SPDX-License-Identifier: Apache-2.0
/* The feed handler: every format and every way to cut a stream into bursts gives the same counts.
 */
#include "check.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kb/error.h"
#include "kb/handler.h"
#include "kb/msg.h"
#include "feed/seq_window.h"

#define NOW	  1700000000000000000ull
#define PORT_A	  9000u
#define PORT_B	  9001u
#define DATAGRAM  64u
#define BURST_MAX 64u

enum counter {
	UNIQUE,
	REDUNDANT,
	DUPLICATE,
	REORDERED,
	LATE,
	SAVED,
	RESETS,
	NOT_FEED,
	LINE_A_LOST
};

static struct {
	struct kb_handler *handler;
	uint64_t counters[KB_HANDLER_COUNTERS];
	uint64_t gaps;
	uint64_t dropped;
	struct kb_hist own;
	struct kb_hist oneway;
	/* The burst being filled. */
	uint8_t bytes[BURST_MAX][DATAGRAM];
	struct kb_pkt pkt[BURST_MAX];
	uint32_t n;
} t;

static int begin_queues(const char *args, uint32_t queues)
{
	const struct kb_handler_env env = {
		.queues = queues,
		.args = args,
		.counters = t.counters,
		.hist = &t.own,
		.oneway = &t.oneway,
		.gaps = &t.gaps,
		.dropped = &t.dropped,
	};

	memset(&t, 0, sizeof(t));
	return kb_handler_init(&t.handler, &env);
}

static int begin(const char *args)
{
	return begin_queues(args, 1);
}

static void flush(void)
{
	if (t.n)
		kb_handler_on_burst(t.handler, t.pkt, t.n, NOW);
	t.n = 0;
}

static void end(void)
{
	flush();
	kb_handler_fini(t.handler);
}

/* The next datagram of the burst, all of it zero. */
static uint8_t *next_datagram(uint16_t port, uint16_t len)
{
	uint8_t *const bytes = t.bytes[t.n];

	memset(bytes, 0, DATAGRAM);
	t.pkt[t.n++] =
		(struct kb_pkt){.payload = bytes, .rx_ns = NOW, .dst_port = port, .len = len};
	return bytes;
}

/* --- one message, in each of the formats --- */

static void as_kb(uint32_t line, uint64_t seq)
{
	const struct kb_msg msg = {.magic = htole32(KB_MSG_MAGIC),
				   .line = htole16((uint16_t)line),
				   .flags = (uint16_t)seq, /* reserved: whatever stands there */
				   .seq = htole64(seq),
				   .scheduled_ns = htole64(NOW - 1000)};

	memcpy(next_datagram(PORT_A, sizeof(msg)), &msg, sizeof(msg));
}

/* The line is the port's, whatever the message says of it. */
static void as_kb_by_port(uint32_t line, uint64_t seq)
{
	as_kb(3, seq);
	t.pkt[t.n - 1].dst_port = (uint16_t)(PORT_A + line);
}

static void mold(uint16_t port, uint64_t seq, uint16_t messages)
{
	uint8_t *const p = next_datagram(port, 20);
	const uint64_t first = htobe64(seq);
	const uint16_t count = htobe16(messages);

	memcpy(p, "SESSION  1", 10);
	memcpy(p + 10, &first, sizeof(first));
	memcpy(p + 18, &count, sizeof(count));
}

static void as_mold(uint32_t line, uint64_t seq)
{
	mold((uint16_t)(PORT_A + line), seq, 1);
}

static void as_raw_be(uint32_t line, uint64_t seq)
{
	const uint32_t value = htobe32((uint32_t)seq);

	memcpy(next_datagram((uint16_t)(PORT_A + line), 9) + 5, &value, sizeof(value));
}

static void as_raw_le(uint32_t line, uint64_t seq)
{
	const uint64_t value = htole64(seq);

	memcpy(next_datagram((uint16_t)(PORT_A + line), 8), &value, sizeof(value));
}

static const struct format {
	const char *args;
	void (*put)(uint32_t line, uint64_t seq);
} formats[] = {
	{"", as_kb},
	{"format=kb lines=9000,9001", as_kb_by_port},
	{"format=moldudp64 lines=9000,9001", as_mold},
	{"format=raw seq=5:4:be lines=9000,9001", as_raw_be},
	{"format=raw seq=0:8:le lines=9000,9001", as_raw_le},
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

/* --- a stream with every mishap, the same for the same seed --- */

struct arrival {
	uint32_t line;
	uint64_t seq;
};
#define ARRIVALS 20000u

static struct arrival stream[ARRIVALS];

static uint32_t chance(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 40) % 1000u;
}

static void make_stream(uint64_t seed)
{
	uint64_t next[2] = {100, 100};

	for (uint32_t i = 0; i < ARRIVALS; i++) {
		const uint32_t line = chance(&seed) < 500;
		const uint32_t what = chance(&seed);

		if (what < 20)
			next[line] += 1 + what % 3; /* lost */
		stream[i] = (struct arrival){.line = line, .seq = next[line]};
		if (what >= 20 && what < 30)
			stream[i].seq -= what % 7 < next[line] ? what % 7 : 0; /* again, or late */
		else
			next[line]++;
		if (what == 999)
			next[line] += 6000; /* more than the window */
	}
}

/* What must come out: the window, given every message by itself. */
static struct kb_seq_window expected_window(void)
{
	struct kb_seq_window w = {0};

	for (uint32_t i = 0; i < ARRIVALS; i++)
		kb_seq_see(&w, stream[i].seq, stream[i].line);
	kb_seq_settle(&w, w.next);
	return w;
}

static void every_format_and_burst_counts_the_same(void **state)
{
	static const uint32_t bursts[] = {1, 3, BURST_MAX};
	(void)state;

	for (uint64_t seed = 1; seed <= 5; seed++) {
		make_stream(seed);
		const struct kb_seq_window expected = expected_window();
		const struct kb_seq_counts *const c = &expected.counts;

		assert_true(c->missing > 0 && c->redundant > 0 && c->reordered > 0 && c->late > 0);
		for (size_t f = 0; f < FORMATS; f++) {
			for (size_t b = 0; b < sizeof(bursts) / sizeof(bursts[0]); b++) {
				assert_int_equal(begin(formats[f].args), 0);
				for (uint32_t i = 0; i < ARRIVALS; i++) {
					formats[f].put(stream[i].line, stream[i].seq);
					if (t.n == bursts[b])
						flush();
				}
				end();
				assert_int_equal(t.counters[UNIQUE], c->unique);
				assert_int_equal(t.counters[REDUNDANT], c->redundant);
				assert_int_equal(t.counters[DUPLICATE], c->duplicate);
				assert_int_equal(t.counters[REORDERED], c->reordered);
				assert_int_equal(t.counters[LATE], c->late);
				assert_int_equal(t.counters[SAVED], c->saved);
				assert_int_equal(t.counters[LINE_A_LOST], c->line_lost[0]);
				assert_int_equal(t.counters[LINE_A_LOST + 1], c->line_lost[1]);
				assert_int_equal(t.counters[NOT_FEED], 0);
				assert_int_equal(t.gaps, c->missing);
			}
		}
	}
}

static void only_kb_messages_are_timed(void **state)
{
	(void)state;

	assert_int_equal(begin(""), 0);
	for (uint64_t seq = 0; seq < 100; seq++) {
		as_kb(0, seq);
		if (seq % 7 == 6)
			flush();
	}
	end();
	assert_int_equal(t.oneway.total, 100);
	assert_int_equal(t.oneway.max, 1000);
	assert_int_equal(begin("format=moldudp64"), 0);
	as_mold(0, 1);
	end();
	assert_int_equal(t.oneway.total, 0);
}

/* --- MoldUDP64 --- */

static void a_packet_counts_for_each_of_its_messages(void **state)
{
	(void)state;

	assert_int_equal(begin("format=moldudp64"), 0);
	mold(PORT_A, 1, 10);
	mold(PORT_A, 11, 200); /* more than a word of the window */
	mold(PORT_A, 213, 1);  /* 211 and 212 are missing */
	mold(PORT_A, 214, 5);
	end();
	assert_int_equal(t.counters[UNIQUE], 216);
	assert_int_equal(t.gaps, 2);
}

static void heartbeats_have_no_message(void **state)
{
	(void)state;

	assert_int_equal(begin("format=moldudp64"), 0);
	mold(PORT_A, 1, 3);
	mold(PORT_A, 4, 0);
	mold(PORT_A, 4, 0);
	flush();
	mold(PORT_A, 4, 2);
	mold(PORT_A, 6, 0xffff);
	end();
	assert_int_equal(t.counters[UNIQUE], 5);
	assert_int_equal(t.counters[NOT_FEED], 0);
	assert_int_equal(t.gaps, 0);
}

/* --- what is no message of the feed --- */

static void what_is_too_short_or_of_no_line_is_counted_apart(void **state)
{
	(void)state;

	for (size_t f = 1; f < FORMATS; f++) {
		assert_int_equal(begin(formats[f].args), 0);
		formats[f].put(0, 1);
		formats[f].put(0, 2);
		t.pkt[t.n - 1].len--;
		formats[f].put(0, 2);
		t.pkt[t.n - 1].dst_port = 7;
		formats[f].put(0, 2);
		flush();
		formats[f].put(5, 3); /* no such port */
		formats[f].put(1, 3);
		end();
		assert_int_equal(t.counters[NOT_FEED], 3);
		assert_int_equal(t.counters[UNIQUE], 3);
		assert_int_equal(t.gaps, 0);
	}
}

static void foreign_messages_are_counted_apart(void **state)
{
	(void)state;

	assert_int_equal(begin(""), 0);
	next_datagram(PORT_A, sizeof(struct kb_msg)); /* nothing but zeros, before any message */
	as_kb(0, 0);
	as_kb(4, 1); /* no such line */
	as_kb(0, 1);
	t.bytes[t.n - 1][0] ^= 1; /* magic */
	as_kb(0, 1);
	end();
	assert_int_equal(t.counters[NOT_FEED], 3);
	assert_int_equal(t.counters[UNIQUE], 2);
}

/* --- time --- */

static void a_hole_is_a_gap_when_its_time_is_over(void **state)
{
	(void)state;

	assert_int_equal(begin("reorder-us=500"), 0);
	as_kb(0, 1);
	as_kb(0, 3);
	flush();
	kb_handler_tick(t.handler, NOW);
	kb_handler_tick(t.handler, NOW + 499999);
	assert_int_equal(t.gaps, 0);
	kb_handler_tick(t.handler, NOW + 500000);
	assert_int_equal(t.gaps, 1);
	as_kb(0, 2);
	flush();
	assert_int_equal(t.counters[LATE], 1);
	assert_int_equal(t.gaps, 1);
	end();
}

static void a_clock_stepped_back_gives_nothing_up(void **state)
{
	(void)state;

	assert_int_equal(begin("reorder-us=500"), 0);
	as_kb(0, 1);
	as_kb(0, 3);
	flush();
	kb_handler_tick(t.handler, NOW);
	kb_handler_tick(t.handler, NOW - 1000000000);
	assert_int_equal(t.gaps, 0);
	as_kb(0, 2);
	end();
	assert_int_equal(t.counters[REORDERED], 1);
	assert_int_equal(t.gaps, 0);
}

static void a_feed_that_starts_over_is_followed(void **state)
{
	(void)state;

	assert_int_equal(begin(""), 0);
	as_kb(0, 5000000);
	as_kb(0, 5000001);
	as_kb(0, 0);
	as_kb(0, 1);
	end();
	assert_int_equal(t.counters[RESETS], 1);
	assert_int_equal(t.counters[UNIQUE], 4);
	assert_int_equal(t.gaps, 0);
}

static void a_corrupt_number_is_no_loss(void **state)
{
	(void)state;

	for (size_t f = 0; f < FORMATS; f++) {
		if (formats[f].put == as_raw_be)
			continue; /* four bytes hold no number that is too large */
		assert_int_equal(begin(formats[f].args), 0);
		formats[f].put(0, 1);
		formats[f].put(0, 2);
		formats[f].put(0, 1ull << 40); /* another numbering, and back again */
		formats[f].put(0, 3);
		formats[f].put(0, UINT64_MAX);
		formats[f].put(0, 4);
		end();
		assert_int_equal(t.gaps, 0);
		assert_int_equal(t.counters[RESETS], 2);
		assert_int_equal(t.counters[NOT_FEED], 1);
		assert_int_equal(t.counters[UNIQUE], 5);
	}
}

/* --- arguments --- */

static void wrong_arguments_are_named(void **state)
{
	static const struct {
		const char *args, *says;
	} wrong[] = {
		{"format=itch", "'format' must be kb, moldudp64 or raw, got 'itch'"},
		{"format=raw", "format=raw needs 'seq=OFFSET:BYTES:be|le'"},
		{"format=raw seq=8:2:be", "BYTES 4 or 8"},
		{"format=raw seq=9000:8:be", "OFFSET up to 8964"},
		{"format=raw seq=0:8:xe", "for example seq=8:8:be"},
		{"lines=0", "'lines' must be between 1 and 65535, got '0'"},
		{"lines=1,2,3,4,5", "at most 4 ports"},
		{"reorder-us=-1", "'reorder-us' must be between 0 and 10000000, got '-1'"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(begin(wrong[i].args), -1);
		assert_contains(kb_err_text(), wrong[i].says);
	}
}

static void lines_need_one_queue(void **state)
{
	(void)state;

	assert_int_equal(begin_queues("lines=9000,9001", 2), -1);
	assert_contains(kb_err_text(), "'lines' are arbitrated in one queue, and KB_QUEUES is 2");
	assert_int_equal(begin_queues("lines=9000", 2), 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_and_burst_counts_the_same),
		cmocka_unit_test(only_kb_messages_are_timed),
		cmocka_unit_test(a_packet_counts_for_each_of_its_messages),
		cmocka_unit_test(heartbeats_have_no_message),
		cmocka_unit_test(what_is_too_short_or_of_no_line_is_counted_apart),
		cmocka_unit_test(foreign_messages_are_counted_apart),
		cmocka_unit_test(a_hole_is_a_gap_when_its_time_is_over),
		cmocka_unit_test(a_clock_stepped_back_gives_nothing_up),
		cmocka_unit_test(a_feed_that_starts_over_is_followed),
		cmocka_unit_test(a_corrupt_number_is_no_loss),
		cmocka_unit_test(wrong_arguments_are_named),
		cmocka_unit_test(lines_need_one_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
