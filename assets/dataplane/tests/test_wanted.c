// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "kb/wanted.h"
#include "packets.h"

static struct kb_flows flows;

static int set_flows(void **state)
{
	(void)state;
	flows = (struct kb_flows){
		.n = 2,
		.flow = {{.addr = 0, .port = PACKET_PORT}, {.addr = htonl(0xffffffff), .port = 7}},
	};
	return 0;
}

/* What must come out: the parser and the flows, one after the other, with nothing remembered. */
static int plainly(const uint8_t *frame, uint32_t len, struct kb_pkt *out)
{
	const int cause = kb_parse_udp(frame, len, out);

	if (cause != KB_PARSE_OK)
		return cause;
	return kb_flows_match(&flows, out->dst_addr, out->dst_port) ? KB_PARSE_OK
								    : KB_CAUSE_NO_FLOW;
}

static void check(struct kb_wanted *wanted, const uint8_t *frame, uint32_t len, const char *what)
{
	struct kb_pkt expected = {0}, got = {0};
	const int cause = plainly(frame, len, &expected);

	if (kb_parse_wanted(wanted, &flows, frame, len, &got) != cause)
		fail_msg("%s: not the cause %d", what, cause);
	if (cause == KB_PARSE_OK)
		assert_memory_equal(&got, &expected, sizeof(got));
}

/* Every frame after every other: what is remembered of one changes nothing of the next. */
static void any_two_frames_are_judged_as_each_alone(void **state)
{
	static uint8_t first[PACKET_MAX], second[PACKET_MAX];
	(void)state;

	for (size_t i = 0; i < PACKET_CASES; i++) {
		const uint32_t first_len = packet_build(first, &packet_cases[i].spec);

		for (size_t k = 0; k < PACKET_CASES; k++) {
			const uint32_t len = packet_build(second, &packet_cases[k].spec);
			struct kb_wanted wanted;

			kb_wanted_init(&wanted);
			check(&wanted, first, first_len, packet_cases[i].name);
			check(&wanted, second, len, packet_cases[k].name);
			check(&wanted, first, first_len, packet_cases[i].name);
		}
	}
}

/* Each byte of the headers, with each bit of it turned, behind the frame as it was. */
static void a_header_that_differs_is_looked_at(void **state)
{
	const struct packet_spec spec = {0};
	static uint8_t frame[PACKET_MAX];
	const uint32_t len = packet_build(frame, &spec);
	(void)state;

	for (uint32_t at = 0; at < 42; at++) {
		for (uint32_t bit = 0; bit < 8; bit++) {
			struct kb_wanted wanted;

			kb_wanted_init(&wanted);
			check(&wanted, frame, len, "plain");
			frame[at] ^= (uint8_t)(1u << bit);
			check(&wanted, frame, len, "one bit");
			frame[at] ^= (uint8_t)(1u << bit);
		}
	}
}

static void a_shorter_frame_is_refused(void **state)
{
	const struct packet_spec spec = {0};
	static uint8_t frame[PACKET_MAX];
	const uint32_t whole = packet_build(frame, &spec);
	struct kb_wanted wanted;
	(void)state;

	kb_wanted_init(&wanted);
	check(&wanted, frame, whole, "whole");
	for (uint32_t len = 0; len < whole; len++) {
		uint8_t *const exact =
			malloc(len ? len : 1); /* a sanitizer sees what is read behind it */

		assert_non_null(exact);
		memcpy(exact, frame, len);
		check(&wanted, exact, len, "cut");
		free(exact);
	}
}

static void nothing_remembered_matches_nothing(void **state)
{
	const struct packet_spec spec = {0};
	static uint8_t frame[PACKET_MAX];
	const uint32_t len = packet_build(frame, &spec);
	struct kb_wanted wanted;
	struct kb_pkt pkt;
	(void)state;

	kb_wanted_init(&wanted);
	memset(frame + 26, 0, 12); /* addresses and ports: as a zeroed memory would have them */
	assert_int_equal(kb_parse_wanted(&wanted, &flows, frame, len, &pkt), KB_CAUSE_NO_FLOW);
	memset(frame + 26, 0xff, 12);
	assert_int_equal(kb_parse_wanted(&wanted, &flows, frame, len, &pkt), KB_CAUSE_NO_FLOW);
}

/* More of them than there are places, from many sources and to many destinations. */
static void streams_that_share_a_place_stay_apart(void **state)
{
	static uint8_t frame[PACKET_MAX];
	struct kb_wanted wanted;
	(void)state;

	kb_wanted_init(&wanted);
	for (uint32_t i = 0; i < 4000; i++) {
		const uint32_t k = i * 2654435761u >> 20;
		const struct packet_spec spec = {.dst = PACKET_DST + k % 16,
						 .dst_port = (uint16_t)(PACKET_PORT + k / 16 % 2)};
		const uint32_t len = packet_build(frame, &spec);

		packet_put32(frame + 26, PACKET_SRC + k / 32 % 8);
		check(&wanted, frame, len, "one of 256 streams");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_two_frames_are_judged_as_each_alone),
		cmocka_unit_test(a_header_that_differs_is_looked_at),
		cmocka_unit_test(a_shorter_frame_is_refused),
		cmocka_unit_test(nothing_remembered_matches_nothing),
		cmocka_unit_test(streams_that_share_a_place_stay_apart),
	};

	return cmocka_run_group_tests(tests, set_flows, NULL);
}
