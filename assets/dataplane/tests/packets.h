/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_TESTS_PACKETS_H
#define KB_TESTS_PACKETS_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kb/parse.h"

/*
 * Frames by name. A spec says how a frame differs from the plain one (a whole UDP datagram to
 * 239.1.1.1:9000 with 32 bytes of payload); packet_cases says what every parser must make of it.
 */
struct packet_spec {
	uint16_t ethertype;    /* 0 = IPv4 */
	uint16_t vlan;	       /* EtherType of one VLAN tag, 0 = none */
	uint16_t inner_vlan;   /* of a second one */
	uint8_t version;       /* 0 = 4 */
	uint8_t ip_options;    /* bytes, a multiple of 4, up to 40 */
	uint8_t ihl;	       /* words, overrides what options give; 0 = right */
	uint8_t protocol;      /* 0 = UDP; 255 stands for protocol 0 */
	uint16_t fragment;     /* flags and offset as they are in the header */
	int16_t total_delta;   /* added to the right IPv4 total length */
	int16_t udp_len_delta; /* added to the right UDP length */
	uint16_t payload;      /* bytes, 0 = 32; see no_payload */
	uint8_t no_payload;
	uint16_t padding;  /* bytes behind the datagram */
	uint16_t cut;	   /* bytes missing at the end of the frame */
	uint32_t dst;	   /* host byte order, 0 = 239.1.1.1 */
	uint16_t dst_port; /* 0 = 9000 */
};

#define PACKET_MAX     2048u
#define PACKET_DST     0xef010101u /* 239.1.1.1 */
#define PACKET_SRC     0x0a000001u /* 10.0.0.1 */
#define PACKET_PORT    9000u
#define PACKET_SPORT   40000u
#define PACKET_PAYLOAD 32u

static inline void packet_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void packet_put32(uint8_t *p, uint32_t v)
{
	packet_put16(p, v >> 16);
	packet_put16(p + 2, v);
}

static inline uint16_t packet_ip_checksum(const uint8_t *header, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(header[i] << 8 | header[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Builds the frame in `out` (PACKET_MAX bytes) and returns its length. */
static inline uint32_t packet_build(uint8_t *out, const struct packet_spec *s)
{
	static const uint8_t macs[12] = {0x01, 0x00, 0x5e, 0x01, 0x01, 0x01, 2, 0, 0, 0, 0, 1};
	const uint32_t payload = s->no_payload ? 0 : s->payload ? s->payload : PACKET_PAYLOAD;
	const uint32_t ihl = 20u + s->ip_options;
	uint8_t *p = out;

	memset(out, 0, PACKET_MAX);
	memcpy(p, macs, sizeof(macs));
	p += sizeof(macs);
	if (s->vlan) {
		packet_put16(p, s->vlan);
		packet_put16(p + 2, 100); /* VLAN id */
		p += 4;
	}
	if (s->inner_vlan) {
		packet_put16(p, s->inner_vlan);
		packet_put16(p + 2, 200);
		p += 4;
	}
	packet_put16(p, s->ethertype ? s->ethertype : 0x0800);
	p += 2;

	uint8_t *const ip = p;
	ip[0] = (uint8_t)((s->version ? s->version : 4) << 4 | (s->ihl ? s->ihl : ihl / 4));
	packet_put16(ip + 2, (uint32_t)((int32_t)(ihl + 8 + payload) + s->total_delta));
	packet_put16(ip + 6, s->fragment);
	ip[8] = 64;
	ip[9] = s->protocol == 255 ? 0 : s->protocol ? s->protocol : 17;
	packet_put32(ip + 12, PACKET_SRC);
	packet_put32(ip + 16, s->dst ? s->dst : PACKET_DST);
	memset(ip + 20, 1, s->ip_options); /* no-operation */
	packet_put16(ip + 10, packet_ip_checksum(ip, ihl));

	uint8_t *const udp = ip + ihl;
	packet_put16(udp, PACKET_SPORT);
	packet_put16(udp + 2, s->dst_port ? s->dst_port : PACKET_PORT);
	packet_put16(udp + 4, (uint32_t)((int32_t)(8 + payload) + s->udp_len_delta));
	for (uint32_t i = 0; i < payload; i++)
		udp[8 + i] = (uint8_t)i;
	return (uint32_t)(udp - out) + 8 + payload + s->padding - s->cut;
}

struct packet_case {
	const char *name;
	struct packet_spec spec;
	int expect; /* KB_PARSE_OK or enum kb_cause */
};

#define PACKET_ICMP 1
#define PACKET_IGMP 2
#define PACKET_TCP  6

static const struct packet_case packet_cases[] = {
	{"plain", {0}, KB_PARSE_OK},
	{"no payload", {.no_payload = 1}, KB_PARSE_OK},
	{"one byte", {.payload = 1}, KB_PARSE_OK},
	{"full MTU", {.payload = 1472}, KB_PARSE_OK},
	{"padded to 60 bytes", {.payload = 1, .padding = 17}, KB_PARSE_OK},
	{"VLAN", {.vlan = 0x8100}, KB_PARSE_OK},
	{"service VLAN", {.vlan = 0x88a8}, KB_PARSE_OK},
	{"VLAN and options", {.vlan = 0x8100, .ip_options = 12}, KB_PARSE_OK},
	{"4 bytes of options", {.ip_options = 4}, KB_PARSE_OK},
	{"40 bytes of options", {.ip_options = 40}, KB_PARSE_OK},
	{"don't fragment", {.fragment = 0x4000}, KB_PARSE_OK},
	{"reserved flag", {.fragment = 0x8000}, KB_PARSE_OK},
	{"another port", {.dst_port = 1}, KB_PARSE_OK},
	{"broadcast", {.dst = 0xffffffff}, KB_PARSE_OK},

	{"two VLAN tags", {.vlan = 0x88a8, .inner_vlan = 0x8100}, KB_CAUSE_NOT_IPV4},
	{"ARP", {.ethertype = 0x0806}, KB_CAUSE_NOT_IPV4},
	{"IPv6", {.ethertype = 0x86dd}, KB_CAUSE_NOT_IPV4},
	{"LLDP", {.ethertype = 0x88cc}, KB_CAUSE_NOT_IPV4},
	{"802.3 length", {.ethertype = 46}, KB_CAUSE_NOT_IPV4},
	{"VLAN with ARP", {.vlan = 0x8100, .ethertype = 0x0806}, KB_CAUSE_NOT_IPV4},
	{"ICMP", {.protocol = PACKET_ICMP}, KB_CAUSE_NOT_UDP},
	{"IGMP", {.protocol = PACKET_IGMP}, KB_CAUSE_NOT_UDP},
	{"TCP", {.protocol = PACKET_TCP}, KB_CAUSE_NOT_UDP},
	{"protocol 0", {.protocol = 255}, KB_CAUSE_NOT_UDP},
	{"TCP fragment", {.protocol = PACKET_TCP, .fragment = 0x2000}, KB_CAUSE_NOT_UDP},

	{"first fragment", {.fragment = 0x2000}, KB_CAUSE_FRAGMENT},
	{"last fragment", {.fragment = 0x0001}, KB_CAUSE_FRAGMENT},
	{"middle fragment", {.fragment = 0x20b9}, KB_CAUSE_FRAGMENT},
	{"largest offset", {.fragment = 0x1fff}, KB_CAUSE_FRAGMENT},

	{"version 5", {.version = 5}, KB_CAUSE_BAD_IP_HEADER},
	{"version 6 in an IPv4 frame", {.version = 6}, KB_CAUSE_BAD_IP_HEADER},
	{"header length 16", {.ihl = 4}, KB_CAUSE_BAD_IP_HEADER},
	{"header length beyond total", {.ihl = 15, .total_delta = -8}, KB_CAUSE_BAD_IP_HEADER},
	{"total below header", {.total_delta = -41}, KB_CAUSE_BAD_IP_HEADER},
	{"total 0", {.total_delta = -60}, KB_CAUSE_BAD_IP_HEADER},

	{"total beyond frame", {.total_delta = 1}, KB_CAUSE_TRUNCATED},
	{"total far beyond frame", {.total_delta = 20000}, KB_CAUSE_TRUNCATED},
	{"one byte short", {.cut = 1}, KB_CAUSE_TRUNCATED},
	{"half a header, as total says",
	 {.no_payload = 1, .total_delta = -18, .cut = 18},
	 KB_CAUSE_TRUNCATED},
	{"no room for UDP", {.total_delta = -33}, KB_CAUSE_TRUNCATED},
	{"options into the UDP header", {.no_payload = 1, .ihl = 6}, KB_CAUSE_TRUNCATED},

	{"UDP length 0", {.udp_len_delta = -40}, KB_CAUSE_BAD_UDP_LENGTH},
	{"UDP length 7", {.udp_len_delta = -33}, KB_CAUSE_BAD_UDP_LENGTH},
	{"UDP length below IPv4's", {.udp_len_delta = -1}, KB_CAUSE_BAD_UDP_LENGTH},
	{"UDP length beyond IPv4's", {.udp_len_delta = 1}, KB_CAUSE_BAD_UDP_LENGTH},
	{"UDP length in the padding", {.udp_len_delta = 8, .padding = 16}, KB_CAUSE_BAD_UDP_LENGTH},
};
#define PACKET_CASES (sizeof(packet_cases) / sizeof(packet_cases[0]))

#endif
