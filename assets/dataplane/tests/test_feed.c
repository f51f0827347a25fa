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

/* Ten characters, of which a change may be in any. */
static const char *session = "SESSION  1";

static void mold(uint16_t port, uint64_t seq, uint16_t messages)
{
	uint8_t *const p = next_datagram(port, 20);
	const uint64_t first = htobe64(seq);
	const uint16_t count = htobe16(messages);

	memcpy(p, session, 10);
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

/* --- numbers that are nowhere near the others --- */

#define FAR (KB_SEQ_NEAR + 1000) /* fits the four bytes of a raw format */

static void a_corrupt_number_is_no_loss(void **state)
{
	static const uint64_t corrupt[] = {FAR, UINT32_MAX, 1ull << 40, UINT64_MAX, 5};
	(void)state;

	for (size_t f = 0; f < FORMATS; f++) {
		for (size_t c = 0; c < sizeof(corrupt) / sizeof(corrupt[0]); c++) {
			if (formats[f].put == as_raw_be && corrupt[c] > UINT32_MAX)
				continue;
			const uint64_t base = corrupt[c] == 5 ? 1u << 30 : 1;

			assert_int_equal(begin(formats[f].args), 0);
			formats[f].put(0, base);
			formats[f].put(0, base + 1);
			formats[f].put(0, corrupt[c]);
			formats[f].put(0, base + 2);
			formats[f].put(0, corrupt[c]);
			formats[f].put(0, corrupt[c]); /* again, which does not go on */
			formats[f].put(0, base + 3);
			flush();
			formats[f].put(0, corrupt[c]); /* and nothing more */
			end();
			assert_int_equal(t.gaps, 0);
			assert_int_equal(t.counters[RESETS], 0);
			assert_int_equal(t.counters[NOT_FEED], 4);
			assert_int_equal(t.counters[UNIQUE], 4);
			assert_int_equal(t.counters[LINE_A_LOST], 0);
		}
	}
}

static void a_jump_that_goes_on_is_a_gap(void **state)
{
	(void)state;

	for (size_t f = 0; f < FORMATS; f++) {
		for (uint64_t lost = 0; lost < 3; lost++) { /* right behind the jump */
			assert_int_equal(begin(formats[f].args), 0);
			formats[f].put(0, 1);
			formats[f].put(0, FAR);
			flush();
			assert_int_equal(t.counters[UNIQUE], 1);
			formats[f].put(0, FAR + 1 + lost);
			formats[f].put(0, FAR + 2 + lost);
			end();
			assert_int_equal(t.gaps, FAR - 2 + lost);
			assert_int_equal(t.counters[LINE_A_LOST], FAR - 2 + lost);
			assert_int_equal(t.counters[RESETS], 0);
			assert_int_equal(t.counters[NOT_FEED], 0);
			assert_int_equal(t.counters[UNIQUE], 4);
		}
	}
}

static void lines_jump_each_on_its_own(void **state)
{
	(void)state;

	for (size_t f = 0; f < FORMATS; f++) {
		assert_int_equal(begin(formats[f].args), 0);
		for (uint64_t seq = 1; seq <= 2; seq++)
			for (uint32_t line = 0; line < 2; line++)
				formats[f].put(line, seq);
		for (uint64_t seq = FAR; seq < FAR + 2; seq++)
			for (uint32_t line = 0; line < 2; line++)
				formats[f].put(line, seq);
		end();
		assert_int_equal(t.gaps, FAR - 3);
		assert_int_equal(t.counters[LINE_A_LOST], FAR - 3);
		assert_int_equal(t.counters[LINE_A_LOST + 1], FAR - 3);
		assert_int_equal(t.counters[UNIQUE], 4);
		assert_int_equal(t.counters[REDUNDANT], 4);
		assert_int_equal(t.counters[NOT_FEED], 0);

		/* The other line holds the first number until its last one; by then the feed is
		 * there. */
		assert_int_equal(begin(formats[f].args), 0);
		formats[f].put(0, 1);
		formats[f].put(1, 1);
		formats[f].put(1, FAR);
		formats[f].put(0, FAR);
		formats[f].put(0, FAR + 1);
		end();
		assert_int_equal(t.counters[UNIQUE], 3);
		assert_int_equal(t.counters[REDUNDANT], 2);
		assert_int_equal(t.counters[NOT_FEED], 0);

		/* What one line says, the other does not confirm. */
		assert_int_equal(begin(formats[f].args), 0);
		formats[f].put(0, 1);
		formats[f].put(1, 1);
		formats[f].put(0, FAR);
		formats[f].put(1, FAR + 1);
		formats[f].put(0, 2);
		formats[f].put(1, 2);
		end();
		assert_int_equal(t.gaps, 0);
		assert_int_equal(t.counters[UNIQUE], 2);
		assert_int_equal(t.counters[NOT_FEED], 2);
	}
}

static void another_numbering_is_no_loss(void **state)
{
	(void)state;

	for (size_t f = 0; f < FORMATS; f++) {
		if (formats[f].put == as_raw_be)
			continue; /* four bytes hold no such number */
		assert_int_equal(begin(formats[f].args), 0);
		formats[f].put(0, 1);
		formats[f].put(0, 1ull << 40);
		formats[f].put(0, (1ull << 40) + 1);
		end();
		assert_int_equal(t.gaps, 0);
		assert_int_equal(t.counters[RESETS], 1);
		assert_int_equal(t.counters[UNIQUE], 3);
	}
}

/* A stream of jumps, restarts and strays on two lines, cut in every way. */
static void strays_and_jumps_count_the_same_in_every_burst(void **state)
{
	static const uint32_t bursts[] = {1, 3, BURST_MAX};
	uint64_t first[KB_HANDLER_COUNTERS];
	(void)state;

	for (size_t f = 0; f < FORMATS; f++) {
		for (size_t b = 0; b < sizeof(bursts) / sizeof(bursts[0]); b++) {
			uint64_t seed = 7, next[2] = {1, 1};

			assert_int_equal(begin(formats[f].args), 0);
			for (uint32_t i = 0; i < ARRIVALS; i++) {
				const uint32_t line = chance(&seed) < 300;
				const uint32_t what = chance(&seed);
				uint64_t seq = next[line];

				if (what < 20)
					seq = FAR * (2 + what);
				else if (what == 20)
					next[line] = seq = next[line] > FAR ? 1 : next[line] + FAR;
				if (what >= 20)
					next[line]++;
				formats[f].put(line, seq);
				if (t.n == bursts[b])
					flush();
			}
			end();
			if (f == 0 && b == 0)
				memcpy(first, t.counters, sizeof(first));
			assert_memory_equal(first, t.counters, sizeof(first));
		}
	}
	assert_true(first[RESETS] > 0);
	assert_true(first[NOT_FEED] > ARRIVALS / 100 && first[NOT_FEED] < ARRIVALS / 25);
}

/* --- sessions --- */

static void one_corrupt_packet_of_many_messages_is_no_loss(void **state)
{
	(void)state;

	assert_int_equal(begin("format=moldudp64"), 0);
	mold(PORT_A, 1, 10);
	mold(PORT_A, 1u << 30, 500);
	mold(PORT_A, 11, 10);
	end();
	assert_int_equal(t.gaps, 0);
	assert_int_equal(t.counters[NOT_FEED], 1); /* datagrams, not messages */
	assert_int_equal(t.counters[UNIQUE], 20);
}

static void a_new_session_is_a_reset(void **state)
{
	static const char *const next_sessions[] = {"SESSION  2", "session  1"};
	static const uint64_t firsts[] = {6, 1, 1000, 1ull << 50}; /* goes on, or anything else */
	(void)state;

	for (size_t s = 0; s < sizeof(next_sessions) / sizeof(next_sessions[0]); s++) {
		for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
			assert_int_equal(begin("format=moldudp64"), 0);
			session = "SESSION  1";
			mold(PORT_A, 1, 5);
			session = next_sessions[s];
			mold(PORT_A, firsts[i], 0); /* a heartbeat of it */
			mold(PORT_A, firsts[i], 2);
			mold(PORT_A, firsts[i] + 2, 1);
			flush();
			mold(PORT_A, firsts[i] + 3, 1);
			mold(PORT_A, firsts[i] + 5, 1); /* one is missing, of this session */
			end();
			assert_int_equal(t.counters[RESETS], 1);
			assert_int_equal(t.counters[UNIQUE], 10);
			assert_int_equal(t.counters[NOT_FEED], 0);
			assert_int_equal(t.gaps, 1);
		}
	}
	session = "SESSION  1";
}

static void one_packet_of_another_session_is_a_stray(void **state)
{
	(void)state;

	assert_int_equal(begin("format=moldudp64"), 0);
	for (uint64_t seq = 1; seq <= 10; seq++) {
		as_mold(0, seq);
		session = "SESSION  2";
		as_mold(0, seq + 1); /* as if it went on */
		session = "SESSION  1";
	}
	end();
	assert_int_equal(t.counters[RESETS], 0);
	assert_int_equal(t.counters[UNIQUE], 10);
	assert_int_equal(t.counters[NOT_FEED], 10);
	assert_int_equal(t.gaps, 0);
}

static void a_line_that_is_behind_does_not_bring_the_old_session_back(void **state)
{
	(void)state;

	assert_int_equal(begin("format=moldudp64 lines=9000,9001"), 0);
	for (uint64_t seq = 1; seq <= 100; seq++) {
		as_mold(0, seq);
		if (seq <= 50)
			as_mold(1, seq);
		if (t.n > BURST_MAX - 4)
			flush();
	}
	for (uint64_t seq = 1; seq <= 100; seq++) {
		session = "SESSION  2";
		as_mold(0, seq);
		session = "SESSION  1";
		if (seq <= 50)
			as_mold(1, 50 + seq);
		session = "SESSION  2";
		if (seq > 50)
			as_mold(1, seq - 50);
		session = "SESSION  1";
		if (t.n > BURST_MAX - 4)
			flush();
	}
	end();
	assert_int_equal(t.counters[RESETS], 1);
	assert_int_equal(t.counters[UNIQUE], 200);
	/* Both lines' from the first number of the second session on; one of line B's before it. */
	assert_int_equal(t.counters[REDUNDANT], 50 + 1 + 50);
	assert_int_equal(t.counters[NOT_FEED], 49);
	assert_int_equal(t.gaps, 0);
}

/* Two that fit each other are believed; that they were forged shows in that the feed goes on. */
static void a_forged_session_does_not_last(void **state)
{
	(void)state;

	assert_int_equal(begin("format=moldudp64"), 0);
	for (uint64_t seq = 1; seq <= 100000; seq++) {
		if (seq == 1000 || seq == 1001) {
			session = "forged....";
			as_mold(0, seq);
			session = "SESSION  1";
		}
		as_mold(0, seq);
		flush();
	}
	end();
	/* The first one is refused, as the feed's packet between them does not go on from it. */
	assert_int_equal(t.counters[RESETS], 0);

	assert_int_equal(begin("format=moldudp64"), 0);
	for (uint64_t seq = 1; seq <= 100000; seq++) {
		if (seq == 1000) {
			session = "forged....";
			as_mold(0, 7);
			as_mold(0, 8);
			session = "SESSION  1";
		}
		as_mold(0, seq);
		flush();
	}
	end();
	assert_int_equal(t.counters[RESETS], 2);
	assert_int_equal(t.counters[NOT_FEED], KB_SEQ_WINDOW);
	assert_int_equal(t.counters[UNIQUE], 100000 + 2 - KB_SEQ_WINDOW);
	assert_int_equal(t.gaps, 0);
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
		cmocka_unit_test(a_jump_that_goes_on_is_a_gap),
		cmocka_unit_test(lines_jump_each_on_its_own),
		cmocka_unit_test(another_numbering_is_no_loss),
		cmocka_unit_test(strays_and_jumps_count_the_same_in_every_burst),
		cmocka_unit_test(one_corrupt_packet_of_many_messages_is_no_loss),
		cmocka_unit_test(a_new_session_is_a_reset),
		cmocka_unit_test(one_packet_of_another_session_is_a_stray),
		cmocka_unit_test(a_line_that_is_behind_does_not_bring_the_old_session_back),
		cmocka_unit_test(a_forged_session_does_not_last),
		cmocka_unit_test(wrong_arguments_are_named),
		cmocka_unit_test(lines_need_one_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
