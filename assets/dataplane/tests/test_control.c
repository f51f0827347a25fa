// SPDX-License-Identifier: Apache-2.0
/* What a port without a kernel answers: checked byte by byte, on the frames a host really sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kb/control.h"
#include "kb/flow.h"
#include "kb/frame.h"

#define SECOND 1000000000ull
#define T0     (1000 * SECOND)

static const uint8_t our_mac[6] = {0x02, 0, 0, 0, 0, 0x01};
static const uint8_t peer_mac[6] = {0x02, 0, 0, 0, 0, 0x02};
static const uint8_t gateway_mac[6] = {0x02, 0, 0, 0, 0, 0xfe};
static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static uint32_t addr(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	const uint8_t bytes[4] = {a, b, c, d};
	return kb_load_raw32(bytes);
}

static struct kb_control *open_control(const char *flows, bool with_gateway_mac)
{
	static struct kb_control c;
	struct kb_config cfg;
	memset(&cfg, 0, sizeof(cfg));
	cfg.addr = addr(10, 0, 0, 1);
	cfg.prefix = 24;
	cfg.gateway_addr = addr(10, 0, 0, 254);
	if (with_gateway_mac)
		memcpy(cfg.gateway_mac, gateway_mac, 6);
	assert_int_equal(kb_flows_parse(&cfg.flows, flows), 0);
	kb_control_init(&c, &cfg, our_mac, T0);
	return &c;
}

/* A host's ARP packet, padded as Ethernet does. */
static uint32_t arp(uint8_t *frame, uint16_t operation, uint32_t sender, uint32_t target)
{
	static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 0};
	memset(frame, 0, 60);
	memcpy(frame, everyone, 6);
	memcpy(frame + 6, peer_mac, 6);
	kb_store_be16(frame + 12, KB_ETHERTYPE_ARP);
	memcpy(frame + 14, head, sizeof(head));
	kb_store_be16(frame + 20, operation);
	memcpy(frame + 22, peer_mac, 6);
	kb_store_raw32(frame + 28, sender);
	kb_store_raw32(frame + 38, target);
	return 60;
}

static uint32_t ipv4(uint8_t *frame, uint8_t proto, uint32_t src, uint32_t dst, const void *data,
		     uint32_t len)
{
	memset(frame, 0, 60);
	memcpy(frame, our_mac, 6);
	memcpy(frame + 6, peer_mac, 6);
	kb_store_be16(frame + 12, KB_ETHERTYPE_IP4);
	kb_frame_ipv4(frame + 14, proto, 64, src, dst, len);
	memcpy(frame + 34, data, len);
	return 34 + len < 60 ? 60 : 34 + len;
}

static uint32_t echo_request(uint8_t *frame, uint32_t dst, uint32_t data_len)
{
	uint8_t icmp[1500] = {8, 0, 0, 0, 0x12, 0x34, 0, 7};
	for (uint32_t i = 8; i < 8 + data_len; i++)
		icmp[i] = (uint8_t)(i * 7);
	const uint16_t csum = kb_csum_fold(kb_csum_add(0, icmp, 8 + data_len));
	memcpy(icmp + 2, &csum, 2);
	return ipv4(frame, 1, addr(10, 0, 0, 2), dst, icmp, 8 + data_len);
}

static uint32_t igmp_query(uint8_t *frame, uint32_t dst, uint32_t group, uint8_t tenths)
{
	uint8_t igmp[8] = {0x11, tenths, 0, 0};
	kb_store_raw32(igmp + 4, group);
	const uint16_t csum = kb_csum_fold(kb_csum_add(0, igmp, sizeof(igmp)));
	memcpy(igmp + 2, &csum, 2);
	/* A transit gateway asks from 0.0.0.0. */
	return ipv4(frame, 2, 0, dst, igmp, sizeof(igmp));
}

static void answers_arp_for_our_address_only(void **state)
{
	uint8_t in[64];
	uint8_t out[64];
	struct kb_control *const c = open_control("udp:*:9000", false);
	(void)state;
	uint32_t len = arp(in, 1, addr(10, 0, 0, 2), addr(10, 0, 0, 1));
	assert_int_equal(kb_control_input(c, in, len, T0, out, sizeof(out)), 60);
	assert_memory_equal(out, peer_mac, 6);
	assert_memory_equal(out + 6, our_mac, 6);
	assert_int_equal(kb_load_be16(out + 20), 2);
	assert_memory_equal(out + 22, our_mac, 6);
	assert_int_equal(kb_load_raw32(out + 28), addr(10, 0, 0, 1));
	assert_memory_equal(out + 32, peer_mac, 6);
	assert_int_equal(kb_load_raw32(out + 38), addr(10, 0, 0, 2));

	len = arp(in, 1, addr(10, 0, 0, 2), addr(10, 0, 0, 3));
	assert_int_equal(kb_control_input(c, in, len, T0, out, sizeof(out)), 0);
	len = arp(in, 2, addr(10, 0, 0, 2), addr(10, 0, 0, 1)); /* an answer is not answered */
	assert_int_equal(kb_control_input(c, in, len, T0, out, sizeof(out)), 0);
	/* A probe for our address is a conflict about to happen: it is defended (RFC 5227). */
	len = arp(in, 1, 0, addr(10, 0, 0, 1));
	assert_int_equal(kb_control_input(c, in, len, T0, out, sizeof(out)), 60);
}

static void without_an_address_nothing_is_answered(void **state)
{
	uint8_t in[64];
	uint8_t out[64];
	static struct kb_control c;
	struct kb_config cfg;
	(void)state;
	memset(&cfg, 0, sizeof(cfg));
	kb_control_init(&c, &cfg, our_mac, T0);
	const uint32_t len = arp(in, 1, addr(10, 0, 0, 2), 0);
	assert_int_equal(kb_control_input(&c, in, len, T0, out, sizeof(out)), 0);
	assert_int_equal(kb_control_due(&c, T0 + SECOND, out), 0);
}

static void answers_echo_with_the_same_bytes(void **state)
{
	uint8_t in[1600];
	uint8_t out[1600];
	struct kb_control *const c = open_control("udp:*:9000", false);
	(void)state;
	for (uint32_t data = 0; data <= 1472; data += 23) {
		const uint32_t len = echo_request(in, addr(10, 0, 0, 1), data);
		const uint32_t reply = kb_control_input(c, in, len, T0, out, sizeof(out));
		assert_int_equal(reply, len);
		assert_memory_equal(out, peer_mac, 6);
		assert_int_equal(kb_load_raw32(out + 26), addr(10, 0, 0, 1));
		assert_int_equal(kb_load_raw32(out + 30), addr(10, 0, 0, 2));
		assert_int_equal(kb_csum_fold(kb_csum_add(0, out + 14, 20)), 0);
		assert_int_equal(kb_csum_fold(kb_csum_add(0, out + 34, 8 + data)), 0);
		assert_int_equal(out[34], 0);
		assert_memory_equal(out + 38, in + 38, 4 + data);
	}
}

static void refuses_echo_that_is_not_ours_or_not_whole(void **state)
{
	uint8_t in[256];
	uint8_t out[256];
	struct kb_control *const c = open_control("udp:*:9000", false);
	(void)state;
	uint32_t len = echo_request(in, addr(10, 0, 0, 9), 56);
	assert_int_equal(kb_control_input(c, in, len, T0, out, sizeof(out)), 0);
	len = echo_request(in, addr(10, 0, 0, 1), 56);
	assert_int_equal(kb_control_input(c, in, len, T0, out, KB_CONTROL_FRAME), 0); /* no room */
	in[60] ^= 1; /* ICMP checksum wrong */
	assert_int_equal(kb_control_input(c, in, len, T0, out, sizeof(out)), 0);
	len = echo_request(in, addr(10, 0, 0, 1), 56);
	in[22] ^= 1; /* IPv4 checksum wrong */
	assert_int_equal(kb_control_input(c, in, len, T0, out, sizeof(out)), 0);
	len = echo_request(in, addr(10, 0, 0, 1), 56);
	in[6] |= 1; /* asked by a group */
	assert_int_equal(kb_control_input(c, in, len, T0, out, sizeof(out)), 0);
}

/* Each truncation stands at the end of its own heap block: reading on is an error under ASan. */
static void no_truncation_is_answered(void **state)
{
	uint8_t full[256];
	uint8_t out[256];
	struct kb_control *const c = open_control("udp:239.1.1.1:9000", false);
	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		const uint32_t need = kind == 0	  ? 42 /* ARP */
				      : kind == 1 ? 34 + 8 + 56
						  : 34 + 8;
		if (kind == 0)
			arp(full, 1, addr(10, 0, 0, 2), addr(10, 0, 0, 1));
		else if (kind == 1)
			echo_request(full, addr(10, 0, 0, 1), 56);
		else
			igmp_query(full, addr(224, 0, 0, 1), 0, 100);
		for (uint32_t len = 0; len < need; len++) {
			uint8_t *const cut = malloc(len ? len : 1);
			assert_non_null(cut);
			memcpy(cut, full, len);
			assert_int_equal(kb_control_input(c, cut, len, T0, out, sizeof(out)), 0);
			free(cut);
		}
	}
}

static void announces_itself_and_joins_its_groups_twice(void **state)
{
	uint8_t out[64];
	struct kb_control *const c = open_control(
		"udp:239.1.1.1:9000,udp:239.1.1.1:9001,udp:239.1.1.2:9000,udp:*:9002", false);
	(void)state;
	assert_int_equal(c->n_groups, 2);
	assert_int_equal(kb_control_due(c, T0, out), 60);
	assert_memory_equal(out, everyone, 6);
	assert_int_equal(kb_load_be16(out + 12), KB_ETHERTYPE_ARP);
	assert_int_equal(kb_load_raw32(out + 28), addr(10, 0, 0, 1));
	assert_int_equal(kb_load_raw32(out + 38), addr(10, 0, 0, 1));

	for (uint8_t group = 1; group <= 2; group++) {
		static const uint8_t alert[4] = {0x94, 4, 0, 0};
		const uint8_t mac[6] = {0x01, 0x00, 0x5e, 1, 1, group};
		assert_int_equal(kb_control_due(c, T0, out), 60);
		assert_memory_equal(out, mac, 6);
		assert_int_equal(out[14], 0x46);
		assert_int_equal(out[22], 1); /* TTL */
		assert_int_equal(out[23], 2);
		assert_memory_equal(out + 34, alert, 4);
		assert_int_equal(kb_csum_fold(kb_csum_add(0, out + 14, 24)), 0);
		assert_int_equal(out[38], 0x16);
		assert_int_equal(kb_load_raw32(out + 42), addr(239, 1, 1, group));
		assert_int_equal(kb_csum_fold(kb_csum_add(0, out + 38, 8)), 0);
	}
	assert_int_equal(kb_control_due(c, T0, out), 0);

	int again = 0;
	while (kb_control_due(c, T0 + 10 * SECOND, out))
		again++;
	assert_int_equal(again, 2);
	assert_int_equal(kb_control_due(c, T0 + 1000 * SECOND, out), 0);
}

static void reports_when_asked_and_within_the_time_given(void **state)
{
	uint8_t in[64];
	uint8_t out[64];
	struct kb_control *const c = open_control("udp:239.1.1.1:9000,udp:239.1.1.2:9000", false);
	const uint64_t t = T0 + 100 * SECOND;
	(void)state;
	while (kb_control_due(c, T0 + 20 * SECOND, out))
		;
	/* General: both groups, each at its own time within a second. */
	uint32_t len = igmp_query(in, addr(224, 0, 0, 1), 0, 10);
	kb_control_input(c, in, len, t, out, sizeof(out));
	assert_int_not_equal(c->group[0].due_ns, c->group[1].due_ns);
	int reports = 0;
	while (kb_control_due(c, t + SECOND, out))
		reports++;
	assert_int_equal(reports, 2);
	/* Specific: one group. */
	len = igmp_query(in, addr(239, 1, 1, 2), addr(239, 1, 1, 2), 10);
	kb_control_input(c, in, len, t, out, sizeof(out));
	assert_int_equal(kb_control_due(c, t + SECOND, out), 60);
	assert_int_equal(kb_load_raw32(out + 42), addr(239, 1, 1, 2));
	assert_int_equal(kb_control_due(c, t + SECOND, out), 0);
	/* Of a group we are not in, or with a wrong checksum: nothing. */
	len = igmp_query(in, addr(239, 9, 9, 9), addr(239, 9, 9, 9), 10);
	kb_control_input(c, in, len, t, out, sizeof(out));
	len = igmp_query(in, addr(224, 0, 0, 1), 0, 10);
	in[36] ^= 1;
	kb_control_input(c, in, len, t, out, sizeof(out));
	assert_int_equal(kb_control_due(c, t + 20 * SECOND, out), 0);
	/* A query never puts a report off. */
	len = igmp_query(in, addr(239, 1, 1, 1), addr(239, 1, 1, 1), 1);
	kb_control_input(c, in, len, t, out, sizeof(out));
	const uint64_t due = c->group[0].due_ns;
	len = igmp_query(in, addr(239, 1, 1, 1), addr(239, 1, 1, 1), 255);
	kb_control_input(c, in, len, t, out, sizeof(out));
	assert_true(c->group[0].due_ns <= due);
}

static void leaves_towards_all_routers(void **state)
{
	uint8_t out[64];
	struct kb_control *const c = open_control("udp:239.1.1.1:9000", false);
	(void)state;
	assert_int_equal(kb_control_leave(c, 0, out), 60);
	assert_int_equal(out[38], 0x17);
	assert_int_equal(kb_load_raw32(out + 30), addr(224, 0, 0, 2));
	assert_int_equal(kb_load_raw32(out + 42), addr(239, 1, 1, 1));
}

static void routes_by_destination(void **state)
{
	static const uint8_t group_mac[6] = {0x01, 0x00, 0x5e, 0x01, 0x02, 0x03};
	uint8_t mac[6];
	uint32_t ask;
	struct kb_control *const c = open_control("udp:*:9000", true);
	(void)state;
	/* The high bit of the group's low 23 is lost in the MAC: 239.129 and 239.1 share one. */
	assert_true(kb_control_route(c, addr(239, 129, 2, 3), T0, mac, &ask));
	assert_memory_equal(mac, group_mac, 6);
	assert_true(kb_control_route(c, addr(10, 1, 0, 1), T0, mac, &ask));
	assert_memory_equal(mac, gateway_mac, 6);
	assert_int_equal(ask, 0);
	assert_true(kb_control_route(c, addr(10, 0, 0, 255), T0, mac, &ask));
	assert_memory_equal(mac, everyone, 6);
	assert_true(kb_control_route(c, addr(255, 255, 255, 255), T0, mac, &ask));
	assert_memory_equal(mac, everyone, 6);
	assert_false(kb_control_route(c, addr(10, 0, 0, 2), T0, mac, &ask));
	assert_int_equal(ask, addr(10, 0, 0, 2));
}

static void asks_once_a_second_and_learns(void **state)
{
	uint8_t in[64];
	uint8_t out[64];
	uint8_t mac[6];
	uint32_t ask;
	struct kb_control *const c = open_control("udp:*:9000", false);
	(void)state;
	/* No gateway MAC in the plan: the gateway is asked for. */
	assert_false(kb_control_route(c, addr(8, 8, 8, 8), T0, mac, &ask));
	assert_int_equal(ask, addr(10, 0, 0, 254));
	assert_int_equal(kb_control_ask(c, ask, T0, out), 60);
	assert_int_equal(kb_load_be16(out + 20), 1);
	assert_int_equal(kb_load_raw32(out + 38), addr(10, 0, 0, 254));
	assert_int_equal(kb_control_ask(c, ask, T0 + SECOND / 2, out), 0);
	assert_int_equal(kb_control_ask(c, ask, T0 + SECOND, out), 60);

	kb_control_input(c, in, arp(in, 2, addr(10, 0, 0, 254), addr(10, 0, 0, 1)), T0, out,
			 sizeof(out));
	assert_true(kb_control_route(c, addr(8, 8, 8, 8), T0, mac, &ask));
	assert_memory_equal(mac, peer_mac, 6);
	assert_int_equal(ask, 0);
	/* Old: still used, and asked for again. */
	assert_true(kb_control_route(c, addr(8, 8, 8, 8), T0 + 61 * SECOND, mac, &ask));
	assert_int_equal(ask, addr(10, 0, 0, 254));
	/* Someone else's conversation refreshes who is known, but adds nobody. */
	kb_control_input(c, in, arp(in, 1, addr(10, 0, 0, 254), addr(10, 0, 0, 7)),
			 T0 + 61 * SECOND, out, sizeof(out));
	assert_true(kb_control_route(c, addr(8, 8, 8, 8), T0 + 61 * SECOND, mac, &ask));
	assert_int_equal(ask, 0);
	kb_control_input(c, in, arp(in, 1, addr(10, 0, 0, 66), addr(10, 0, 0, 7)), T0, out,
			 sizeof(out));
	assert_false(kb_control_route(c, addr(10, 0, 0, 66), T0, mac, &ask));
}

/* More addresses than the table holds: it forgets the oldest, and never answers with a wrong MAC.
 */
static void neighbour_table_overflows_in_order(void **state)
{
	static struct kb_neighbours t;
	uint8_t mac[6];
	uint32_t known = 0;
	(void)state;
	memset(&t, 0, sizeof(t));
	for (uint32_t i = 1; i <= 4 * KB_NEIGHBOURS; i++) {
		const uint8_t m[6] = {
			2,	   0, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8),
			(uint8_t)i};
		kb_neighbour_put(&t, i, m, T0 + i);
		assert_int_equal(kb_neighbour_get(&t, i, T0 + i, mac), KB_NEIGHBOUR_KNOWN);
		assert_memory_equal(mac, m, 6);
	}
	for (uint32_t i = 1; i <= 4 * KB_NEIGHBOURS; i++) {
		if (kb_neighbour_get(&t, i, T0 + 5000, mac) != KB_NEIGHBOUR_KNOWN)
			continue;
		known++;
		assert_int_equal(mac[4] << 8 | mac[5], i);
	}
	assert_true(known >= KB_NEIGHBOURS / 2 && known <= KB_NEIGHBOURS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_arp_for_our_address_only),
		cmocka_unit_test(without_an_address_nothing_is_answered),
		cmocka_unit_test(answers_echo_with_the_same_bytes),
		cmocka_unit_test(refuses_echo_that_is_not_ours_or_not_whole),
		cmocka_unit_test(no_truncation_is_answered),
		cmocka_unit_test(announces_itself_and_joins_its_groups_twice),
		cmocka_unit_test(reports_when_asked_and_within_the_time_given),
		cmocka_unit_test(leaves_towards_all_routers),
		cmocka_unit_test(routes_by_destination),
		cmocka_unit_test(asks_once_a_second_and_learns),
		cmocka_unit_test(neighbour_table_overflows_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
