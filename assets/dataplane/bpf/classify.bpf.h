/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef KB_CLASSIFY_BPF_H
#define KB_CLASSIFY_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "filter_shared.h"
#include "parse.bpf.h"

/* What both programs share: the maps, the decision about a frame and its count. */

const volatile struct kb_filter_config config = {};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KB_FILTER_MAX_FLOWS);
	__type(key, struct kb_flow_key);
	__type(value, __u32); /* unused: being in the map is the answer */
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kb_filter_counts);
} counts SEC(".maps");

static __always_inline int kb_wanted(struct kb_flow_key *key)
{
	if (bpf_map_lookup_elem(&flows, key))
		return 1;
	key->addr = 0; /* any address */
	return bpf_map_lookup_elem(&flows, key) != NULL;
}

/* PASS_FLOW stands for "of a wanted flow"; the redirect program turns it into its own verdicts. */
static __always_inline enum kb_verdict kb_classify(struct xdp_md *ctx)
{
	struct kb_flow_key key;

	switch (kb_parse_frame((void *)(long)ctx->data, (void *)(long)ctx->data_end, &key)) {
	case KB_PARSED_UDP:
		if (kb_wanted(&key))
			return KB_VERDICT_PASS_FLOW;
		return config.drop_unmatched ? KB_VERDICT_DROP_NO_FLOW : KB_VERDICT_PASS_NO_FLOW;
	/* The host stops answering on the network without ARP, ICMP (path MTU) and IGMP. */
	case KB_PARSED_ARP:
		return KB_VERDICT_PASS_NOT_IPV4;
	case KB_PARSED_CONTROL:
		return KB_VERDICT_PASS_NOT_UDP;
	case KB_PARSED_IPV6:
		return config.drop_unmatched ? KB_VERDICT_DROP_NOT_IPV4 : KB_VERDICT_PASS_NOT_IPV4;
	case KB_PARSED_UNKNOWN_TYPE:
		return config.drop_unmatched ? KB_VERDICT_DROP_NOT_IPV4
					     : KB_VERDICT_PASS_UNKNOWN_TYPE;
	case KB_PARSED_NOT_UDP:
		return config.drop_unmatched ? KB_VERDICT_DROP_NOT_UDP : KB_VERDICT_PASS_NOT_UDP;
	/* Malformed is dropped whatever the policy: passing it would only book it twice. */
	case KB_PARSED_BAD_IP_HEADER:
		return KB_VERDICT_DROP_BAD_IP_HEADER;
	case KB_PARSED_FRAGMENT:
		return KB_VERDICT_DROP_FRAGMENT;
	case KB_PARSED_BAD_UDP_LENGTH:
		return KB_VERDICT_DROP_BAD_UDP_LENGTH;
	case KB_PARSED_TRUNCATED:
	default:
		return KB_VERDICT_DROP_TRUNCATED;
	}
}

static __always_inline void kb_count(enum kb_verdict verdict)
{
	const __u32 zero = 0;
	struct kb_filter_counts *const mine = bpf_map_lookup_elem(&counts, &zero);
	if (mine && verdict < KB_VERDICTS)
		mine->verdict[verdict]++; /* per CPU, and XDP does not nest: no atomic needed */
}

static __always_inline int kb_action(enum kb_verdict verdict)
{
	switch (verdict) {
	case KB_VERDICT_PASS_FLOW:
	case KB_VERDICT_PASS_NOT_IPV4:
	case KB_VERDICT_PASS_NOT_UDP:
	case KB_VERDICT_PASS_NO_FLOW:
	case KB_VERDICT_PASS_UNKNOWN_TYPE:
		return XDP_PASS;
	default:
		return XDP_DROP;
	}
}

#endif
