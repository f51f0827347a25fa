/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_WANTED_H
#define KB_WANTED_H

#include <arpa/inet.h>
#include "kb/flow.h"
#include "kb/parse.h"

/*
 * Addresses and ports of the last wanted datagram of a queue: the next one nearly always has the
 * same, and then neither the flows are searched nor are the fields taken apart.
 */
struct kb_wanted {
	uint64_t addrs;	   /* source and destination, as in the frame */
	uint64_t ports;	   /* likewise, in 32 bits: KB_WANTED_NONE is no datagram's */
	uint16_t src_port; /* host byte order */
	uint16_t dst_port;
};
#define KB_WANTED_NONE ((struct kb_wanted){.ports = UINT64_MAX})

/*
 * kb_parse_udp(), and whether one of the flows wants the datagram: KB_PARSE_OK, or the cause to
 * refuse the frame for, KB_CAUSE_NO_FLOW among them.
 */
static inline int kb_parse_wanted(struct kb_wanted *last, const struct kb_flows *flows,
				  const uint8_t *frame, uint32_t len, struct kb_pkt *out);

/* --- implementation: inline, because it is the hot loop's --- */

static int __attribute__((noinline, unused))
kb_parse_wanted_other(struct kb_wanted *last, const struct kb_flows *flows, const uint8_t *frame,
		      uint32_t len, struct kb_pkt *out)
{
	const int cause = kb_parse_udp(frame, len, out);

	if (cause != KB_PARSE_OK)
		return cause;
	if (!kb_flows_match(flows, out->dst_addr, out->dst_port))
		return KB_CAUSE_NO_FLOW;
	const uint32_t addrs[2] = {out->src_addr, out->dst_addr};
	const uint16_t ports[2] = {htons(out->src_port), htons(out->dst_port)};

	last->addrs = kb_load_raw64((const uint8_t *)addrs);
	last->ports = kb_load_raw32((const uint8_t *)ports);
	last->src_port = out->src_port;
	last->dst_port = out->dst_port;
	return KB_PARSE_OK;
}

static inline int kb_parse_wanted(struct kb_wanted *last, const struct kb_flows *flows,
				  const uint8_t *frame, uint32_t len, struct kb_pkt *out)
{
	const uint8_t *const ip = frame + KB_ETH_HLEN;
	const uint8_t *const udp = ip + KB_IPV4_MIN_HLEN;

	if (__builtin_expect(kb_parse_is_plain(frame, len) &&
				     kb_load_raw64(ip + 12) == last->addrs &&
				     kb_load_raw32(udp) == last->ports,
			     1)) {
		const uint32_t total = kb_load_be16(ip + 2);

		if (__builtin_expect(kb_parse_fits(udp, total, len), 1)) {
			out->payload = udp + KB_UDP_HLEN;
			out->len = (uint16_t)(total - KB_IPV4_MIN_HLEN - KB_UDP_HLEN);
			__builtin_memcpy(&out->src_addr, &last->addrs, sizeof(last->addrs));
			out->src_port = last->src_port;
			out->dst_port = last->dst_port;
			return KB_PARSE_OK;
		}
	}
	return kb_parse_wanted_other(last, flows, frame, len, out);
}

_Static_assert(offsetof(struct kb_pkt, dst_addr) == offsetof(struct kb_pkt, src_addr) + 4,
	       "the addresses of a packet are stored as they are in a frame, at once");

#endif
