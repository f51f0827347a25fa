// SPDX-License-Identifier: Apache-2.0
#include "kb/control.h"

#include <arpa/inet.h>
#include <string.h>

#include "igmp.h"
#include "kb/flow.h"
#include "kb/frame.h"

#define ARP_LEN	    28u
#define ARP_REQUEST 1
#define ARP_REPLY   2
#define PROTO_ICMP  1
#define PROTO_IGMP  2
#define ICMP_HLEN   8u

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* Ethernet, IPv4; then the four fields that differ: operation, sender, target. */
static const uint8_t arp_ethernet_ipv4[6] = {0x00, 0x01, 0x08, 0x00, 6, 4};

static bool mac_is_zero(const uint8_t mac[6])
{
	static const uint8_t zero[6];
	return memcmp(mac, zero, sizeof(zero)) == 0;
}

void kb_control_init(struct kb_control *c, const struct kb_config *cfg, const uint8_t mac[6],
		     uint64_t now_ns)
{
	memset(c, 0, sizeof(*c));
	c->addr = cfg->addr;
	c->netmask = cfg->prefix ? htonl(~0u << (32 - cfg->prefix)) : 0;
	c->gateway = cfg->gateway_addr;
	memcpy(c->mac, mac, sizeof(c->mac));
	memcpy(c->gateway_mac, cfg->gateway_mac, sizeof(c->gateway_mac));
	if (!c->addr)
		return;
	c->announce_ns = now_ns;
	kb_igmp_init(c, &cfg->flows, now_ns);
}

void kb_control_restart(struct kb_control *c, uint64_t now_ns)
{
	if (!c->addr)
		return;
	__atomic_store_n(&c->announce_ns, now_ns, __ATOMIC_RELAXED);
	kb_igmp_restart(c, now_ns);
}

static uint32_t arp_frame(const struct kb_control *c, uint16_t operation, const uint8_t to_mac[6],
			  const uint8_t target_mac[6], uint32_t target, uint8_t *out)
{
	uint8_t *const arp = out + KB_ETH_HLEN;
	memset(out, 0, KB_MIN_FRAME);
	memcpy(out, to_mac, 6);
	memcpy(out + 6, c->mac, 6);
	kb_store_be16(out + 12, KB_ETHERTYPE_ARP);
	memcpy(arp, arp_ethernet_ipv4, sizeof(arp_ethernet_ipv4));
	kb_store_be16(arp + 6, operation);
	memcpy(arp + 8, c->mac, 6);
	kb_store_raw32(arp + 14, c->addr);
	if (target_mac)
		memcpy(arp + 18, target_mac, 6);
	kb_store_raw32(arp + 24, target);
	return KB_MIN_FRAME;
}

/* RFC 826, "Packet Reception". */
static uint32_t arp_input(struct kb_control *c, const uint8_t *arp, uint32_t len, uint64_t now_ns,
			  uint8_t *out)
{
	if (len < ARP_LEN || memcmp(arp, arp_ethernet_ipv4, sizeof(arp_ethernet_ipv4)) != 0)
		return 0;
	const uint8_t *const sender_mac = arp + 8;
	const uint32_t sender = kb_load_raw32(arp + 14);
	const bool for_us = kb_load_raw32(arp + 24) == c->addr;
	if (sender == c->addr || (sender_mac[0] & 1))
		return 0; /* our own announcement, or a MAC that cannot be a host's */

	/* A probe (RFC 5227) has no sender address: nothing to learn, still to be answered. */
	if (sender && !kb_neighbour_refresh(&c->neighbours, sender, sender_mac, now_ns) && for_us)
		kb_neighbour_put(&c->neighbours, sender, sender_mac, now_ns);
	if (!for_us || kb_load_be16(arp + 6) != ARP_REQUEST)
		return 0;
	return arp_frame(c, ARP_REPLY, sender_mac, sender_mac, sender, out);
}

static uint32_t icmp_input(const struct kb_control *c, const uint8_t *frame, const uint8_t *icmp,
			   uint32_t len, uint32_t src, uint8_t *out, uint32_t cap)
{
	const uint32_t size = KB_ETH_HLEN + KB_IPV4_MIN_HLEN + len;
	if (len < ICMP_HLEN || size > cap || icmp[0] != 8 || icmp[1] != 0 ||
	    kb_csum_fold(kb_csum_add(0, icmp, len)) != 0)
		return 0;
	/* Never an answer to a group or to everyone (RFC 1122, 3.2.2.6). */
	if (src == 0 || src == 0xffffffffu || kb_addr_is_multicast(src) || (frame[6] & 1))
		return 0;

	/* The answer goes where the question came from: no route, no neighbour to resolve. */
	memcpy(out, frame + 6, 6);
	memcpy(out + 6, c->mac, 6);
	kb_store_be16(out + 12, KB_ETHERTYPE_IP4);
	kb_frame_ipv4(out + KB_ETH_HLEN, PROTO_ICMP, KB_FRAME_TTL, c->addr, src, len);
	uint8_t *const reply = out + KB_ETH_HLEN + KB_IPV4_MIN_HLEN;
	memcpy(reply, icmp, len);
	reply[0] = 0;
	kb_store_be16(reply + 2, 0);
	const uint16_t csum = kb_csum_fold(kb_csum_add(0, reply, len));
	memcpy(reply + 2, &csum, sizeof(csum));
	if (size >= KB_MIN_FRAME)
		return size;
	if (cap < KB_MIN_FRAME)
		return 0;
	memset(out + size, 0, KB_MIN_FRAME - size);
	return KB_MIN_FRAME;
}

static uint32_t ipv4_input(struct kb_control *c, const uint8_t *frame, const uint8_t *ip,
			   uint32_t len, uint64_t now_ns, uint8_t *out, uint32_t cap)
{
	if (len < KB_IPV4_MIN_HLEN)
		return 0;
	const uint32_t ihl = (ip[0] & 0x0fu) * 4u;
	const uint32_t total = kb_load_be16(ip + 2);
	if ((ip[0] >> 4) != 4 || ihl < KB_IPV4_MIN_HLEN || total < ihl || total > len)
		return 0;
	if ((kb_load_be16(ip + 6) & 0x3fffu) || kb_csum_fold(kb_csum_add(0, ip, ihl)) != 0)
		return 0;
	const uint32_t src = kb_load_raw32(ip + 12);
	const uint32_t dst = kb_load_raw32(ip + 16);
	if (ip[9] == PROTO_ICMP && dst == c->addr)
		return icmp_input(c, frame, ip + ihl, total - ihl, src, out, cap);
	if (ip[9] == PROTO_IGMP)
		kb_igmp_input(c, dst, ip + ihl, total - ihl, now_ns);
	return 0;
}

uint32_t kb_control_input(struct kb_control *c, const uint8_t *frame, uint32_t len, uint64_t now_ns,
			  uint8_t *out, uint32_t cap)
{
	if (!c->addr || len < KB_ETH_HLEN || cap < KB_CONTROL_FRAME)
		return 0;
	switch (kb_load_be16(frame + 12)) {
	case KB_ETHERTYPE_ARP:
		return arp_input(c, frame + KB_ETH_HLEN, len - KB_ETH_HLEN, now_ns, out);
	case KB_ETHERTYPE_IP4:
		return ipv4_input(c, frame, frame + KB_ETH_HLEN, len - KB_ETH_HLEN, now_ns, out,
				  cap);
	default:
		return 0;
	}
}

uint32_t kb_control_due(struct kb_control *c, uint64_t now_ns, uint8_t *out)
{
	const uint64_t announce_ns = __atomic_load_n(&c->announce_ns, __ATOMIC_RELAXED);
	if (announce_ns && announce_ns <= now_ns) {
		__atomic_store_n(&c->announce_ns, 0, __ATOMIC_RELAXED);
		/* RFC 5227: a request for our own address tells everyone our MAC. */
		return arp_frame(c, ARP_REQUEST, broadcast, NULL, c->addr, out);
	}
	return kb_igmp_due(c, now_ns, out);
}

bool kb_control_route(struct kb_control *c, uint32_t dst, uint64_t now_ns, uint8_t mac[6],
		      uint32_t *ask)
{
	*ask = 0;
	if (kb_addr_is_multicast(dst)) {
		kb_frame_multicast_mac(mac, dst);
		return true;
	}
	const uint32_t directed = c->netmask ? c->addr | ~c->netmask : 0xffffffffu;
	if (dst == 0xffffffffu || dst == directed) {
		memcpy(mac, broadcast, sizeof(broadcast));
		return true;
	}
	uint32_t hop = dst;
	if (!c->netmask || ((dst ^ c->addr) & c->netmask)) {
		/* The gateway's MAC was learnt while the kernel still had the port. */
		if (!mac_is_zero(c->gateway_mac)) {
			memcpy(mac, c->gateway_mac, sizeof(c->gateway_mac));
			return true;
		}
		hop = c->gateway;
	}
	if (!hop || !c->addr)
		return false; /* nobody to ask, or nobody to ask as */
	const enum kb_neighbour_state state = kb_neighbour_get(&c->neighbours, hop, now_ns, mac);
	if (state != KB_NEIGHBOUR_KNOWN)
		*ask = hop;
	return state != KB_NEIGHBOUR_UNKNOWN;
}

uint32_t kb_control_ask(struct kb_control *c, uint32_t addr, uint64_t now_ns, uint8_t *out)
{
	if (!kb_neighbour_ask(&c->neighbours, addr, now_ns))
		return 0;
	return arp_frame(c, ARP_REQUEST, broadcast, NULL, addr, out);
}
