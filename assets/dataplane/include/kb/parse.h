/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_PARSE_H
#define KB_PARSE_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include "kb/pkt.h"
#include "kb/stats.h"

#define KB_PARSE_OK (-1)

/*
 * Parses Ethernet (with at most one VLAN tag), IPv4 (with options) and UDP. On success fills
 * payload, len, addresses and ports of *out and returns KB_PARSE_OK; otherwise returns the cause
 * (enum kb_cause) why the frame is not a whole UDP datagram and leaves *out alone.
 * Reads no byte beyond frame + len. Checksums are the NIC's business. Ethernet padding after the
 * IPv4 total length is allowed and ignored.
 */
static inline int kb_parse_udp(const uint8_t *frame, uint32_t len, struct kb_pkt *out);

/* --- implementation: inline, because it is the hot loop's --- */

static inline uint16_t kb_load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t kb_load_raw32(const uint8_t *p)
{
	uint32_t v;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t kb_load_raw64(const uint8_t *p)
{
	uint64_t v;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

#define KB_ETH_HLEN	  14u
#define KB_VLAN_HLEN	  4u
#define KB_IPV4_MIN_HLEN  20u
#define KB_UDP_HLEN	  8u
#define KB_PARSE_HEADERS  (KB_ETH_HLEN + KB_IPV4_MIN_HLEN + KB_UDP_HLEN)
#define KB_ETHERTYPE_IP4  0x0800u
#define KB_ETHERTYPE_VLAN 0x8100u
#define KB_ETHERTYPE_QINQ 0x88a8u
#define KB_ETHERTYPE_ARP  0x0806u
#define KB_IPPROTO_UDP	  17u

/* The addresses, ports and payload of a datagram whose headers have been checked. */
static inline void kb_parse_fill(const uint8_t *ip, const uint8_t *udp, uint32_t udp_len,
				 struct kb_pkt *out)
{
	out->payload = udp + KB_UDP_HLEN;
	out->len = (uint16_t)(udp_len - KB_UDP_HLEN);
	out->src_addr = kb_load_raw32(ip + 12);
	out->dst_addr = kb_load_raw32(ip + 16);
	out->src_port = kb_load_be16(udp);
	out->dst_port = kb_load_be16(udp + 2);
}

/* Any frame: a check and a reason for each header field. */
static int __attribute__((noinline, unused))
kb_parse_udp_any(const uint8_t *frame, uint32_t len, struct kb_pkt *out)
{
	if (len < KB_ETH_HLEN)
		return KB_CAUSE_TRUNCATED;
	uint32_t off = KB_ETH_HLEN;
	uint16_t type = kb_load_be16(frame + 12);
	if (type == KB_ETHERTYPE_VLAN || type == KB_ETHERTYPE_QINQ) {
		if (len < KB_ETH_HLEN + KB_VLAN_HLEN)
			return KB_CAUSE_TRUNCATED;
		type = kb_load_be16(frame + 16);
		off += KB_VLAN_HLEN;
	}
	if (type != KB_ETHERTYPE_IP4)
		return KB_CAUSE_NOT_IPV4;

	const uint8_t *const ip = frame + off;
	const uint32_t left = len - off;
	if (left < KB_IPV4_MIN_HLEN)
		return KB_CAUSE_TRUNCATED;
	const uint32_t ihl = (ip[0] & 0x0fu) * 4u;
	const uint32_t total = kb_load_be16(ip + 2);
	if ((ip[0] >> 4) != 4 || ihl < KB_IPV4_MIN_HLEN || total < ihl)
		return KB_CAUSE_BAD_IP_HEADER;
	if (total > left)
		return KB_CAUSE_TRUNCATED;
	if (ip[9] != KB_IPPROTO_UDP)
		return KB_CAUSE_NOT_UDP;
	/* More-fragments flag or a fragment offset; the don't-fragment flag is fine. */
	if (kb_load_be16(ip + 6) & 0x3fffu)
		return KB_CAUSE_FRAGMENT;
	if (total < ihl + KB_UDP_HLEN)
		return KB_CAUSE_TRUNCATED;

	const uint8_t *const udp = ip + ihl;
	const uint32_t udp_len = kb_load_be16(udp + 4);
	if (udp_len < KB_UDP_HLEN || udp_len != total - ihl)
		return KB_CAUSE_BAD_UDP_LENGTH;

	kb_parse_fill(ip, udp, udp_len, out);
	return KB_PARSE_OK;
}

/* Four header bytes at once: where `mask` has a bit they must be as in `want`. */
static inline bool kb_parse_are(const uint8_t *p, const uint8_t want[4], const uint8_t mask[4])
{
	return ((kb_load_raw32(p) ^ kb_load_raw32(want)) & kb_load_raw32(mask)) == 0;
}

/* What nearly every frame of a feed is: no tag, no options, no fragment, UDP. */
static inline bool kb_parse_is_plain(const uint8_t *frame, uint32_t len)
{
	static const uint8_t type_ihl[4] = {0x08, 0x00, 0x45, 0};
	static const uint8_t type_ihl_mask[4] = {0xff, 0xff, 0xff, 0};
	static const uint8_t frag_proto[4] = {0, 0, 0, KB_IPPROTO_UDP};
	static const uint8_t frag_proto_mask[4] = {0x3f, 0xff, 0, 0xff};

	return len >= KB_PARSE_HEADERS && kb_parse_are(frame + 12, type_ihl, type_ihl_mask) &&
	       kb_parse_are(frame + KB_ETH_HLEN + 6, frag_proto, frag_proto_mask);
}

/* `value` as a frame holds it. */
static inline uint16_t kb_raw16(uint32_t value)
{
	return htons((uint16_t)value);
}

static inline uint16_t kb_load_raw16(const uint8_t *p)
{
	uint16_t v;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

/*
 * Of a plain frame: whether the datagram fills it, as any does that needs no padding. Asked of the
 * lengths as the frame holds them, this is a third of the work of kb_parse_fits().
 */
static inline bool kb_parse_fills(const uint8_t *ip, const uint8_t *udp, uint32_t len)
{
	return kb_load_raw16(ip + 2) == kb_raw16(len - KB_ETH_HLEN) &&
	       kb_load_raw16(udp + 4) == kb_raw16(len - KB_ETH_HLEN - KB_IPV4_MIN_HLEN);
}

/* Of a plain frame: whether IPv4's total length, UDP's length and the frame's agree. */
static inline bool kb_parse_fits(const uint8_t *udp, uint32_t total, uint32_t len)
{
	const uint32_t least = KB_IPV4_MIN_HLEN + KB_UDP_HLEN;

	/* One comparison for both ends: less than the least wraps around to more than any. */
	return total - least <= len - KB_ETH_HLEN - least &&
	       kb_load_be16(udp + 4) == total - KB_IPV4_MIN_HLEN;
}

static inline int kb_parse_udp(const uint8_t *frame, uint32_t len, struct kb_pkt *out)
{
	const uint8_t *const ip = frame + KB_ETH_HLEN;
	const uint8_t *const udp = ip + KB_IPV4_MIN_HLEN;

	if (__builtin_expect(kb_parse_is_plain(frame, len), 1)) {
		const uint32_t total = kb_load_be16(ip + 2);

		if (__builtin_expect(kb_parse_fits(udp, total, len), 1)) {
			kb_parse_fill(ip, udp, total - KB_IPV4_MIN_HLEN, out);
			return KB_PARSE_OK;
		}
	}
	return kb_parse_udp_any(frame, len, out);
}

#endif
