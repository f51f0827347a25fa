/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_FLOW_H
#define KB_FLOW_H

#include <stdbool.h>
#include <stdint.h>

/* KB_FLOWS: "udp:ADDR:PORT,...". 64 flows fit one cache-resident scan; more belong in a port range.
 */
#define KB_MAX_FLOWS 64

struct kb_flow {
	uint32_t addr; /* destination, network byte order; 0 = any */
	uint16_t port; /* destination, host byte order */
};

struct kb_flows {
	uint32_t n;
	struct kb_flow flow[KB_MAX_FLOWS];
};

/* Parses a flow list. Returns 0, or -1 with kb_err (names the entry and what is wrong with it). */
int kb_flows_parse(struct kb_flows *out, const char *text);

static inline bool kb_flows_match(const struct kb_flows *f, uint32_t addr, uint16_t port)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (f->flow[i].port == port && (f->flow[i].addr == 0 || f->flow[i].addr == addr))
			return true;
	return false;
}

static inline bool kb_addr_is_multicast(uint32_t addr_be)
{
	return (((const uint8_t *)&addr_be)[0] & 0xf0u) == 0xe0u;
}

#endif
