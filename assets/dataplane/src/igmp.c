// SPDX-License-Identifier: Apache-2.0
#include "igmp.h"

#include <arpa/inet.h>
#include <string.h>

#include "kb/frame.h"

#define IGMP_PROTO  2
#define IGMP_LEN    8u
#define IP_LEN	    (KB_IPV4_MIN_HLEN + 4u) /* with the router alert option */
#define TYPE_QUERY  0x11
#define TYPE_REPORT 0x16
#define TYPE_LEAVE  0x17

/* Robustness and Unsolicited Report Interval of RFC 2236, 8.1 and 8.10. */
#define UNSOLICITED	   2
#define UNSOLICITED_GAP_NS 10000000000ull
/* What a version 1 query, with no response time, stands for: 8.3. */
#define DEFAULT_RESPONSE_NS 10000000000ull

static const uint32_t ALL_SYSTEMS = 0xe0000001u; /* 224.0.0.1: host byte order */
static const uint32_t ALL_ROUTERS = 0xe0000002u;

static uint32_t igmp_frame(const struct kb_control *c, uint8_t type, uint32_t group, uint32_t dst,
			   uint8_t *out)
{
	uint8_t *const ip = out + KB_ETH_HLEN;
	uint8_t *const igmp = ip + IP_LEN;
	memset(out, 0, KB_MIN_FRAME);
	kb_frame_multicast_mac(out, dst);
	memcpy(out + 6, c->mac, sizeof(c->mac));
	kb_store_be16(out + 12, KB_ETHERTYPE_IP4);

	/* Routers look at a packet that is not addressed to them only for its router alert. */
	static const uint8_t router_alert[4] = {0x94, 0x04, 0x00, 0x00};
	kb_frame_ipv4(ip, IGMP_PROTO, 1, c->addr, dst, sizeof(router_alert) + IGMP_LEN);
	memcpy(ip + KB_IPV4_MIN_HLEN, router_alert, sizeof(router_alert));
	ip[0] = 0x46;
	ip[1] = 0xc0; /* internetwork control, as other hosts mark it */
	kb_store_be16(ip + 10, 0);
	uint16_t csum = kb_csum_fold(kb_csum_add(0, ip, IP_LEN));
	memcpy(ip + 10, &csum, sizeof(csum));

	igmp[0] = type;
	kb_store_raw32(igmp + 4, group);
	csum = kb_csum_fold(kb_csum_add(0, igmp, IGMP_LEN));
	memcpy(igmp + 2, &csum, sizeof(csum));
	return KB_MIN_FRAME;
}

void kb_igmp_init(struct kb_control *c, const struct kb_flows *flows, uint64_t now_ns)
{
	for (uint32_t i = 0; i < flows->n; i++) {
		const uint32_t addr = flows->flow[i].addr;
		bool known = !kb_addr_is_multicast(addr) || addr == htonl(ALL_SYSTEMS);
		for (uint32_t j = 0; j < c->n_groups; j++)
			known = known || c->group[j].group == addr;
		if (!known)
			c->group[c->n_groups++].group = addr;
	}
	kb_igmp_restart(c, now_ns);
}

void kb_igmp_restart(struct kb_control *c, uint64_t now_ns)
{
	for (uint32_t i = 0; i < c->n_groups; i++) {
		__atomic_store_n(&c->group[i].reports, UNSOLICITED, __ATOMIC_RELAXED);
		__atomic_store_n(&c->group[i].due_ns, now_ns, __ATOMIC_RELAXED);
	}
}

/*
 * A moment within `max_ns` from now, so that the members of a group do not answer at once. A hash
 * will do for that: what matters is that hosts and groups differ.
 */
static uint64_t some_time(const struct kb_control *c, uint32_t group, uint64_t now_ns,
			  uint64_t max_ns)
{
	uint64_t h = now_ns ^ ((uint64_t)c->addr << 32 | group);
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9ull;
	h = (h ^ h >> 27) * 0x94d049bb133111ebull;
	return now_ns + (h ^ h >> 31) % max_ns;
}

void kb_igmp_input(struct kb_control *c, uint32_t dst, const uint8_t *msg, uint32_t len,
		   uint64_t now_ns)
{
	/*
	 * Only queries matter. Other members' reports do not silence ours, as RFC 2236 would have
	 * it: a transit gateway forwards to the network interfaces that have reported themselves.
	 */
	if (len < IGMP_LEN || msg[0] != TYPE_QUERY || kb_csum_fold(kb_csum_add(0, msg, len)) != 0)
		return;
	const uint32_t group = kb_load_raw32(msg + 4);
	if (group ? dst != group : dst != htonl(ALL_SYSTEMS))
		return;
	const uint64_t max_ns = msg[1] ? msg[1] * 100000000ull : DEFAULT_RESPONSE_NS;
	for (uint32_t i = 0; i < c->n_groups; i++) {
		struct kb_membership *const m = &c->group[i];
		if (group && group != m->group)
			continue;
		const uint64_t at = some_time(c, m->group, now_ns, max_ns);
		const uint64_t due = __atomic_load_n(&m->due_ns, __ATOMIC_RELAXED);
		if (!due || at < due)
			__atomic_store_n(&m->due_ns, at, __ATOMIC_RELAXED);
	}
}

uint32_t kb_igmp_due(struct kb_control *c, uint64_t now_ns, uint8_t *out)
{
	for (uint32_t i = 0; i < c->n_groups; i++) {
		struct kb_membership *const m = &c->group[i];
		const uint64_t due = __atomic_load_n(&m->due_ns, __ATOMIC_RELAXED);
		if (!due || due > now_ns)
			continue;
		const uint32_t left = __atomic_load_n(&m->reports, __ATOMIC_RELAXED);
		if (left)
			__atomic_store_n(&m->reports, left - 1, __ATOMIC_RELAXED);
		__atomic_store_n(&m->due_ns,
				 left > 1 ? some_time(c, m->group, now_ns, UNSOLICITED_GAP_NS) : 0,
				 __ATOMIC_RELAXED);
		return igmp_frame(c, TYPE_REPORT, m->group, m->group, out);
	}
	return 0;
}

uint32_t kb_control_leave(const struct kb_control *c, uint32_t i, uint8_t *out)
{
	return igmp_frame(c, TYPE_LEAVE, c->group[i].group, htonl(ALL_ROUTERS), out);
}
