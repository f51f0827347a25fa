/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_TEST_FRAMES_H
#define KB_TEST_FRAMES_H

#include <stdint.h>
#include <string.h>
#include "kb/frame.h"

/*
 * Frames by what is special about them: frame(buf, .options = 8, .dport = 9000). Every field left
 * out gives a good UDP datagram to 10.0.0.2:9000. The *_add fields falsify a length.
 */
struct frame_spec {
	uint32_t vlans;	     /* tags of type 0x8100 */
	uint16_t tag_type;   /* instead of 0x8100 */
	uint16_t ether_type; /* instead of IPv4 */
	uint32_t options;    /* bytes of IPv4 options, a multiple of 4 up to 40 */
	uint8_t version;     /* instead of 4 */
	uint8_t ihl;	     /* instead of what the options need, in 32-bit words; 1 to 15 */
	uint8_t proto;	     /* instead of UDP */
	uint16_t fragment;   /* flags and offset as on the wire, host byte order */
	int total_add;
	int udp_add;
	uint32_t daddr; /* host byte order */
	uint16_t dport;
	uint32_t payload; /* bytes, 32 when left out */
	uint32_t padding; /* bytes behind the datagram, as Ethernet adds to short ones */
	uint32_t cut;	  /* bytes cut off the end */
};

#define FRAME_MAX 2048u

static inline uint32_t build_frame(uint8_t *buf, struct frame_spec s)
{
	const uint32_t payload = s.payload ? s.payload : 32;
	const uint32_t udp_len = KB_UDP_HLEN + payload;
	const uint32_t ip_len = KB_IPV4_MIN_HLEN + s.options;
	uint32_t off = KB_ETH_HLEN;

	memset(buf, 0, FRAME_MAX);
	memset(buf, 0x02, 12);
	for (uint32_t i = 0; i < s.vlans; i++) {
		kb_store_be16(buf + off - 2, s.tag_type ? s.tag_type : KB_ETHERTYPE_VLAN);
		kb_store_be16(buf + off, 100); /* VLAN 100 */
		off += KB_VLAN_HLEN;
	}
	kb_store_be16(buf + off - 2, s.ether_type ? s.ether_type : KB_ETHERTYPE_IP4);

	uint8_t *const ip = buf + off;
	const uint32_t daddr = __builtin_bswap32(s.daddr ? s.daddr : 0x0a000002);
	ip[0] = (uint8_t)((s.version ? s.version : 4) << 4 | (s.ihl ? s.ihl : ip_len / 4));
	kb_store_be16(ip + 2, (uint32_t)((int)(ip_len + udp_len) + s.total_add));
	kb_store_be16(ip + 6, s.fragment);
	ip[8] = 64;
	ip[9] = s.proto ? s.proto : KB_IPPROTO_UDP;
	kb_store_raw32(ip + 12, __builtin_bswap32(0x0a000001));
	kb_store_raw32(ip + 16, daddr);
	memset(ip + KB_IPV4_MIN_HLEN, 1, s.options); /* no-operation options */

	uint8_t *const udp = ip + ip_len;
	kb_store_be16(udp, 40000);
	kb_store_be16(udp + 2, s.dport ? s.dport : 9000);
	kb_store_be16(udp + 4, (uint32_t)((int)udp_len + s.udp_add));
	memset(udp + KB_UDP_HLEN, 0xa5, payload);
	return off + ip_len + udp_len + s.padding - s.cut;
}

#define frame(buf, ...) build_frame((buf), (struct frame_spec){__VA_ARGS__})

/* One row for each thing a parser may find; both parsers are held against it. */
struct frame_case {
	const char *name;
	struct frame_spec spec;
	int cause; /* of kb_parse_udp() */
};

static const struct frame_case frame_cases[] = {
	{"good", {0}, KB_PARSE_OK},
	{"empty payload", {.payload = 1, .udp_add = -1, .total_add = -1}, KB_PARSE_OK},
	{"padded", {.payload = 4, .padding = 14}, KB_PARSE_OK},
	{"VLAN tag", {.vlans = 1}, KB_PARSE_OK},
	{"802.1ad tag", {.vlans = 1, .tag_type = KB_ETHERTYPE_QINQ}, KB_PARSE_OK},
	{"two VLAN tags", {.vlans = 2}, KB_CAUSE_NOT_IPV4},
	{"4 bytes of options", {.options = 4}, KB_PARSE_OK},
	{"40 bytes of options", {.options = 40}, KB_PARSE_OK},
	{"options behind a VLAN tag", {.vlans = 1, .options = 12}, KB_PARSE_OK},
	{"don't fragment", {.fragment = 0x4000}, KB_PARSE_OK},
	{"reserved flag", {.fragment = 0x8000}, KB_PARSE_OK},
	{"largest", {.payload = 1472}, KB_PARSE_OK},
	{"multicast group", {.daddr = 0xef010101}, KB_PARSE_OK},
	{"broadcast", {.daddr = 0xffffffff}, KB_PARSE_OK},
	{"other port", {.dport = 9001}, KB_PARSE_OK},
	{"other address of an addressed flow", {.dport = 7, .daddr = 0x0a000003}, KB_PARSE_OK},
	{"addressed flow", {.dport = 7, .daddr = 0x0a000002}, KB_PARSE_OK},
	{"swapped port", {.dport = 0x2823}, KB_PARSE_OK},
	{"ARP", {.ether_type = KB_ETHERTYPE_ARP}, KB_CAUSE_NOT_IPV4},
	{"IPv6", {.ether_type = 0x86dd}, KB_CAUSE_NOT_IPV4},
	{"LLDP", {.ether_type = 0x88cc}, KB_CAUSE_NOT_IPV4},
	{"ARP behind a VLAN tag", {.vlans = 1, .ether_type = KB_ETHERTYPE_ARP}, KB_CAUSE_NOT_IPV4},
	{"version 6", {.version = 6}, KB_CAUSE_BAD_IP_HEADER},
	{"header of 16 bytes", {.ihl = 4}, KB_CAUSE_BAD_IP_HEADER},
	{"total shorter than the header", {.total_add = -60}, KB_CAUSE_BAD_IP_HEADER},
	{"total beyond the frame", {.total_add = 1}, KB_CAUSE_TRUNCATED},
	{"one byte cut off", {.cut = 1}, KB_CAUSE_TRUNCATED},
	{"header length beyond total", {.ihl = 15, .total_add = -8}, KB_CAUSE_BAD_IP_HEADER},
	{"no room for UDP", {.total_add = -33}, KB_CAUSE_TRUNCATED},
	{"ICMP", {.proto = 1}, KB_CAUSE_NOT_UDP},
	{"IGMP", {.proto = 2}, KB_CAUSE_NOT_UDP},
	{"TCP", {.proto = 6}, KB_CAUSE_NOT_UDP},
	{"fragment of TCP", {.proto = 6, .fragment = 0x2000}, KB_CAUSE_NOT_UDP},
	{"first fragment", {.fragment = 0x2000}, KB_CAUSE_FRAGMENT},
	{"middle fragment", {.fragment = 0x2010}, KB_CAUSE_FRAGMENT},
	{"last fragment", {.fragment = 0x0010}, KB_CAUSE_FRAGMENT},
	{"UDP length too small", {.udp_add = -33}, KB_CAUSE_BAD_UDP_LENGTH},
	{"UDP length short by one", {.udp_add = -1}, KB_CAUSE_BAD_UDP_LENGTH},
	{"UDP length long by one", {.udp_add = 1}, KB_CAUSE_BAD_UDP_LENGTH},
	{"UDP length long by one, padded", {.udp_add = 1, .padding = 8}, KB_CAUSE_BAD_UDP_LENGTH},
};
#define FRAME_CASES (sizeof(frame_cases) / sizeof(frame_cases[0]))

#endif
