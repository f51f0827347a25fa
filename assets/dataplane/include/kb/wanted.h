/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_WANTED_H
#define KB_WANTED_H

#include <arpa/inet.h>
#include "kb/flow.h"
#include "kb/parse.h"

/*
 * The streams of wanted datagrams that a queue has met: a datagram of one of them is recognised by
 * comparing its headers, without a search of the flows and without taking its fields apart. A table
 * of one place for each hash: a stream that takes another's place costs that one a search, no more.
 */
#define KB_WANTED_BITS 6 /* 64 places, as many as there are flows: 2 KiB */

struct kb_stream {
	_Alignas(32) uint64_t addrs; /* source and destination, as in a frame */
	uint64_t ports;		     /* likewise, in 32 bits: NO_PORTS is no stream */
	uint16_t src_port;	     /* host byte order */
	uint16_t dst_port;
};
#define KB_STREAM_NO_PORTS UINT64_MAX

struct kb_wanted {
	struct kb_stream stream[1u << KB_WANTED_BITS];
};

/* Knows no stream. */
static inline void kb_wanted_init(struct kb_wanted *w)
{
	for (uint32_t i = 0; i < 1u << KB_WANTED_BITS; i++)
		w->stream[i] = (struct kb_stream){.ports = KB_STREAM_NO_PORTS};
}

/*
 * kb_parse_udp(), and whether one of the flows wants the datagram: KB_PARSE_OK, or the cause to
 * refuse the frame for, KB_CAUSE_NO_FLOW among them. The flows must be the same in every call.
 */
static inline int kb_parse_wanted(struct kb_wanted *w, const struct kb_flows *flows,
				  const uint8_t *frame, uint32_t len, struct kb_pkt *out);

/* --- implementation: inline, because it is the hot loop's --- */

static inline const struct kb_stream *kb_wanted_place(const struct kb_wanted *w, uint64_t addrs,
						      uint64_t ports)
{
	/* Fibonacci hashing: the golden ratio of 2^64 spreads numbers that differ in few bits. */
	return &w->stream[(addrs + ports) * 0x9e3779b97f4a7c15ull >> (64 - KB_WANTED_BITS)];
}

static int __attribute__((noinline, unused))
kb_parse_wanted_new(struct kb_wanted *w, const struct kb_flows *flows, const uint8_t *frame,
		    uint32_t len, struct kb_pkt *out)
{
	const int cause = kb_parse_udp(frame, len, out);

	if (cause != KB_PARSE_OK)
		return cause;
	if (!kb_flows_match(flows, out->dst_addr, out->dst_port))
		return KB_CAUSE_NO_FLOW;
	const uint16_t raw_ports[2] = {htons(out->src_port), htons(out->dst_port)};
	const uint64_t addrs = kb_load_raw64((const uint8_t *)&out->src_addr);
	const uint64_t ports = kb_load_raw32((const uint8_t *)raw_ports);

	*(struct kb_stream *)(uintptr_t)kb_wanted_place(w, addrs, ports) =
		(struct kb_stream){.addrs = addrs,
				   .ports = ports,
				   .src_port = out->src_port,
				   .dst_port = out->dst_port};
	return KB_PARSE_OK;
}

static inline bool kb_wanted_knows(const struct kb_wanted *w, const uint8_t *frame, uint32_t len,
				   struct kb_pkt *out)
{
	const uint8_t *const ip = frame + KB_ETH_HLEN;
	const uint8_t *const udp = ip + KB_IPV4_MIN_HLEN;

	if (!__builtin_expect(kb_parse_is_plain(frame, len), 1))
		return false;
	const uint64_t addrs = kb_load_raw64(ip + 12);
	const uint64_t ports = kb_load_raw32(udp);
	const struct kb_stream *const s = kb_wanted_place(w, addrs, ports);

	if (!__builtin_expect(
		    s->addrs == addrs && s->ports == ports && kb_parse_fills(ip, udp, len), 1))
		return false;
	out->payload = udp + KB_UDP_HLEN;
	__builtin_memcpy(&out->src_addr, &addrs, sizeof(addrs));
	out->src_port = s->src_port;
	out->dst_port = s->dst_port;
	out->len = (uint16_t)(len - KB_PARSE_HEADERS);
	return true;
}

static inline int kb_parse_wanted(struct kb_wanted *w, const struct kb_flows *flows,
				  const uint8_t *frame, uint32_t len, struct kb_pkt *out)
{
	if (__builtin_expect(kb_wanted_knows(w, frame, len, out), 1))
		return KB_PARSE_OK;
	return kb_parse_wanted_new(w, flows, frame, len, out);
}

_Static_assert(offsetof(struct kb_pkt, dst_addr) == offsetof(struct kb_pkt, src_addr) + 4,
	       "the addresses of a packet are those of a frame, at once");

#endif
