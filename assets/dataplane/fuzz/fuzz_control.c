// SPDX-License-Identifier: Apache-2.0
/*
 * The input is a frame to a port without a kernel, its last byte the room for an answer. Mutation
 * seldom keeps a checksum right, so each frame is also tried with its checksums repaired.
 */
#include <string.h>

#include "fuzz.h"
#include "kb/control.h"
#include "kb/flow.h"
#include "kb/frame.h"

#define NOW	1000000000000ull
#define SECOND	1000000000ull
#define MAX_CAP (KB_CONTROL_FRAME + 255u * 8u)

static const uint8_t our_mac[6] = {0x02, 0, 0, 0, 0, 0x01};
static const uint8_t our_addr[4] = {10, 0, 0, 1};

static void open_control(struct kb_control *c)
{
	static struct kb_config cfg;
	cfg.addr = kb_load_raw32(our_addr);
	cfg.prefix = 24;
	cfg.gateway_addr = cfg.addr + (253u << 24);
	must(kb_flows_parse(&cfg.flows, "udp:239.1.1.1:9000,udp:239.1.1.2:9000") == 0);
	kb_control_init(c, &cfg, our_mac, NOW);
}

static void put_checksum(uint8_t *at, const uint8_t *from, uint32_t len)
{
	memset(at, 0, 2);
	const uint16_t csum = kb_csum_fold(kb_csum_add(0, from, len));
	memcpy(at, &csum, sizeof(csum));
}

static void repair(uint8_t *frame, uint32_t len)
{
	if (len < 34 || kb_load_be16(frame + 12) != KB_ETHERTYPE_IP4)
		return;
	uint8_t *const ip = frame + KB_ETH_HLEN;
	const uint32_t ihl = (ip[0] & 0x0fu) * 4u;
	const uint32_t total = kb_load_be16(ip + 2);
	if (ihl < KB_IPV4_MIN_HLEN || total < ihl + 4 || total > len - KB_ETH_HLEN)
		return;
	put_checksum(ip + 10, ip, ihl);
	put_checksum(ip + ihl + 2, ip + ihl, total - ihl);
}

static void check_answer(const uint8_t *frame, const uint8_t *out, uint32_t len, uint32_t cap)
{
	must(len >= KB_MIN_FRAME && len <= cap);
	must(memcmp(out + 6, our_mac, sizeof(our_mac)) == 0);
	must((out[0] & 1) == 0); /* never to a group */
	if (kb_load_be16(out + 12) == KB_ETHERTYPE_ARP) {
		must(kb_load_be16(out + 20) == 2);
		must(memcmp(out + 28, our_addr, sizeof(our_addr)) == 0);
		return;
	}
	const uint32_t total = kb_load_be16(out + 16);
	must(kb_load_be16(out + 12) == KB_ETHERTYPE_IP4 && KB_ETH_HLEN + total <= len);
	must(kb_csum_fold(kb_csum_add(0, out + 14, KB_IPV4_MIN_HLEN)) == 0);
	must(kb_csum_fold(kb_csum_add(0, out + 34, total - KB_IPV4_MIN_HLEN)) == 0);
	must(out[34] == 0);
	must(memcmp(out, frame + 6, 6) == 0);
	must(memcmp(out + 26, our_addr, sizeof(our_addr)) == 0);
}

static void try_frame(struct kb_control *c, const uint8_t *frame, uint32_t len, uint32_t cap)
{
	uint8_t *const out = malloc(cap ? cap : 1);
	uint8_t due[KB_CONTROL_FRAME];
	uint8_t mac[6];
	uint32_t ask;
	must(out);
	const uint32_t reply = kb_control_input(c, frame, len, NOW, out, cap);
	if (reply)
		check_answer(frame, out, reply, cap);
	free(out);

	/* The announcement, and of each group the reports owed: joining twice and one query. */
	uint32_t frames = 0;
	for (uint64_t t = NOW; t < NOW + 60 * SECOND; t += SECOND)
		while (kb_control_due(c, t, due))
			must(++frames <= 1 + 3 * c->n_groups);

	/* Whatever was learnt, a datagram to a host never goes to a group. */
	if (len >= 42 && kb_load_be16(frame + 12) == KB_ETHERTYPE_ARP) {
		const uint32_t sender = kb_load_raw32(frame + 28);
		if (!kb_addr_is_multicast(sender) && frame[31] != 255 && sender != 0xffffffffu &&
		    kb_control_route(c, sender, NOW, mac, &ask))
			must((mac[0] & 1) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct kb_control c;
	if (size == 0)
		return 0;
	const uint32_t len = (uint32_t)size - 1;
	const uint32_t cap = data[len] * 8u;
	uint8_t *const frame = malloc(len ? len : 1); /* exact, so that reading on is found */
	must(frame && cap <= MAX_CAP);
	memcpy(frame, data, len);
	open_control(&c);
	try_frame(&c, frame, len, cap);
	repair(frame, len);
	open_control(&c);
	try_frame(&c, frame, len, cap);
	free(frame);
	return 0;
}
