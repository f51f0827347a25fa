// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "packets.h"

#include <stdlib.h>

/* A block of exactly len bytes: AddressSanitizer sees any read behind it. */
static uint8_t *exact(const uint8_t *frame, uint32_t len)
{
	uint8_t *const copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, frame, len);
	return copy;
}

static int parse(const uint8_t *frame, uint32_t len, struct kb_pkt *out)
{
	uint8_t *const copy = exact(frame, len);
	const int result = kb_parse_udp(copy, len, out);

	free(copy);
	return result;
}

static void every_case_has_its_verdict(void **state)
{
	uint8_t frame[PACKET_MAX];
	(void)state;

	for (size_t i = 0; i < PACKET_CASES; i++) {
		struct kb_pkt pkt = {0};
		const uint32_t len = packet_build(frame, &packet_cases[i].spec);
		const int got = parse(frame, len, &pkt);

		if (got != packet_cases[i].expect)
			fail_msg("%s: expected %d, got %d", packet_cases[i].name,
				 packet_cases[i].expect, got);
	}
}

static void a_refused_frame_leaves_the_packet_alone(void **state)
{
	uint8_t frame[PACKET_MAX];
	(void)state;

	for (size_t i = 0; i < PACKET_CASES; i++) {
		struct kb_pkt pkt, before;

		memset(&pkt, 0xa5, sizeof(pkt));
		before = pkt;
		const uint32_t len = packet_build(frame, &packet_cases[i].spec);
		if (parse(frame, len, &pkt) != KB_PARSE_OK)
			assert_memory_equal(&pkt, &before, sizeof(pkt));
	}
}

static void every_truncation_is_refused(void **state)
{
	uint8_t frame[PACKET_MAX];
	(void)state;

	for (size_t i = 0; i < PACKET_CASES; i++) {
		const struct packet_spec *const spec = &packet_cases[i].spec;
		struct kb_pkt pkt;

		if (packet_cases[i].expect != KB_PARSE_OK)
			continue;
		const uint32_t whole = packet_build(frame, spec) - spec->padding;
		for (uint32_t len = 0; len < whole; len++)
			assert_int_equal(parse(frame, len, &pkt), KB_CAUSE_TRUNCATED);
		assert_int_equal(parse(frame, whole, &pkt), KB_PARSE_OK);
	}
}

static void fields_are_where_they_belong(void **state)
{
	static const struct packet_spec specs[] = {
		{.payload = 100},
		{.payload = 100, .vlan = 0x8100},
		{.payload = 100, .ip_options = 40},
		{.payload = 100, .vlan = 0x88a8, .ip_options = 8, .padding = 6},
	};
	uint8_t frame[PACKET_MAX];
	(void)state;

	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct kb_pkt pkt = {0};
		const uint32_t len = packet_build(frame, &specs[i]);

		assert_int_equal(kb_parse_udp(frame, len, &pkt), KB_PARSE_OK);
		assert_int_equal(pkt.len, 100);
		assert_ptr_equal(pkt.payload, frame + len - specs[i].padding - 100);
		assert_int_equal(pkt.payload[99], 99);
		assert_int_equal(pkt.src_addr, htonl(PACKET_SRC));
		assert_int_equal(pkt.dst_addr, htonl(PACKET_DST));
		assert_int_equal(pkt.src_port, PACKET_SPORT);
		assert_int_equal(pkt.dst_port, PACKET_PORT);
	}
}

/* The short way of kb_parse_udp and its long way are one parser: no single byte tells them apart.
 */
static void both_ways_agree_on_every_byte(void **state)
{
	uint8_t frame[PACKET_MAX];
	(void)state;

	for (size_t i = 0; i < PACKET_CASES; i++) {
		const uint32_t len = packet_build(frame, &packet_cases[i].spec);
		const uint32_t headers = len < 64 ? len : 64;

		for (uint32_t at = 0; at < headers; at++) {
			const uint8_t was = frame[at];

			for (uint32_t value = 0; value < 256; value++) {
				struct kb_pkt one = {0}, other = {0};

				frame[at] = (uint8_t)value;
				assert_int_equal(kb_parse_udp(frame, len, &one),
						 kb_parse_udp_any(frame, len, &other));
				assert_memory_equal(&one, &other, sizeof(one));
			}
			frame[at] = was;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_has_its_verdict),
		cmocka_unit_test(a_refused_frame_leaves_the_packet_alone),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(fields_are_where_they_belong),
		cmocka_unit_test(both_ways_agree_on_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
