/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_FRAME_H
#define KB_FRAME_H

#include <stdint.h>
#include <string.h>
#include "kb/parse.h"

/*
 * Building what kb/parse.h takes apart: an Ethernet, IPv4 and UDP header in front of a payload, for
 * planes that send with no kernel behind the port. Checksums are computed here: AF_XDP offers no
 * offload on ENA, and for feed-sized payloads software costs less than an offload descriptor.
 */
#define KB_UDP_HEADERS (KB_ETH_HLEN + KB_IPV4_MIN_HLEN + KB_UDP_HLEN)
#define KB_MIN_FRAME   60u /* without FCS; shorter frames are padded */
#define KB_FRAME_TTL   64u

struct kb_frame_path {
	uint8_t dst_mac[6];
	uint8_t src_mac[6];
	uint32_t src_addr; /* network byte order */
	uint32_t dst_addr; /* network byte order */
	uint16_t src_port; /* host byte order */
	uint16_t dst_port; /* host byte order */
};

static inline void kb_store_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void kb_store_raw32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

/*
 * Adds `len` bytes to a one's complement sum. A 64-bit accumulator of 32-bit words needs no carry
 * handling below 2^32 words; the order of bytes does not matter until the sum is stored (RFC 1071).
 */
static inline uint64_t kb_csum_add(uint64_t sum, const uint8_t *p, uint32_t len)
{
	for (; len >= 4; p += 4, len -= 4)
		sum += kb_load_raw32(p);
	if (len) {
		uint8_t rest[4] = {0};
		memcpy(rest, p, len);
		sum += kb_load_raw32(rest);
	}
	return sum;
}

/* The checksum of a sum, in the byte order of memory: store it with memcpy. */
static inline uint16_t kb_csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffu) + (sum >> 16);
	sum = (sum & 0xffffu) + (sum >> 16);
	return (uint16_t)~sum;
}

/* An IPv4 header without options for `len` bytes behind it. */
static inline void kb_frame_ipv4(uint8_t *ip, uint8_t proto, uint8_t ttl, uint32_t src,
				 uint32_t dst, uint32_t len)
{
	ip[0] = 0x45;
	ip[1] = 0;
	kb_store_be16(ip + 2, KB_IPV4_MIN_HLEN + len);
	kb_store_be16(ip + 4, 0);      /* atomic datagram: the identification means nothing */
	kb_store_be16(ip + 6, 0x4000); /* ... because it may not be fragmented (RFC 6864) */
	ip[8] = ttl;
	ip[9] = proto;
	kb_store_be16(ip + 10, 0);
	kb_store_raw32(ip + 12, src);
	kb_store_raw32(ip + 16, dst);
	const uint16_t csum = kb_csum_fold(kb_csum_add(0, ip, KB_IPV4_MIN_HLEN));
	memcpy(ip + 10, &csum, sizeof(csum));
}

/*
 * Puts KB_UDP_HEADERS bytes at `frame`, for a payload of `len` bytes that sums up to `sum`
 * (kb_csum_add): a payload that goes to many is summed up once. Returns the frame's length.
 */
static inline uint32_t kb_frame_headers(uint8_t *frame, const struct kb_frame_path *path,
					uint16_t len, uint64_t sum)
{
	uint8_t *const ip = frame + KB_ETH_HLEN;
	uint8_t *const udp = ip + KB_IPV4_MIN_HLEN;
	const uint32_t udp_len = KB_UDP_HLEN + len;

	memcpy(frame, path->dst_mac, 6);
	memcpy(frame + 6, path->src_mac, 6);
	kb_store_be16(frame + 12, KB_ETHERTYPE_IP4);
	kb_frame_ipv4(ip, KB_IPPROTO_UDP, KB_FRAME_TTL, path->src_addr, path->dst_addr, udp_len);
	kb_store_be16(udp, path->src_port);
	kb_store_be16(udp + 2, path->dst_port);
	kb_store_be16(udp + 4, udp_len);
	kb_store_be16(udp + 6, 0);

	/* Pseudo header: both addresses, then the protocol and the length as two 16-bit words. */
	const uint8_t tail[4] = {0, KB_IPPROTO_UDP, udp[4], udp[5]};
	sum = kb_csum_add(sum, ip + 12, 8);
	sum = kb_csum_add(sum, tail, sizeof(tail));
	uint16_t csum = kb_csum_fold(kb_csum_add(sum, udp, KB_UDP_HLEN));
	if (csum == 0)
		csum = 0xffff; /* 0 means "no checksum" */
	memcpy(udp + 6, &csum, sizeof(csum));
	return KB_UDP_HEADERS + len;
}

/* The same for a payload that stands behind the headers already. */
static inline uint32_t kb_frame_udp(uint8_t *frame, const struct kb_frame_path *path, uint16_t len)
{
	return kb_frame_headers(frame, path, len, kb_csum_add(0, frame + KB_UDP_HEADERS, len));
}

/* RFC 1112: 01:00:5e and the low 23 bits of the group. */
static inline void kb_frame_multicast_mac(uint8_t mac[6], uint32_t group)
{
	const uint8_t *const a = (const uint8_t *)&group;
	mac[0] = 0x01;
	mac[1] = 0x00;
	mac[2] = 0x5e;
	mac[3] = a[1] & 0x7f;
	mac[4] = a[2];
	mac[5] = a[3];
}

#endif
