/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef KB_PARSE_BPF_H
#define KB_PARSE_BPF_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "filter_shared.h"

/*
 * The twin of kb_parse_udp() in include/kb/parse.h: the same checks in the same order, so that a
 * frame is booked under the same cause wherever it is looked at. tests/test_bpf.c compares the two.
 * It differs in form only because the verifier wants each access guarded by data_end.
 */

enum kb_parsed {
	KB_PARSED_UDP,
	KB_PARSED_ARP,
	KB_PARSED_IPV6,
	KB_PARSED_UNKNOWN_TYPE,
	KB_PARSED_CONTROL, /* ICMP, IGMP */
	KB_PARSED_NOT_UDP,
	KB_PARSED_TRUNCATED,
	KB_PARSED_BAD_IP_HEADER,
	KB_PARSED_FRAGMENT,
	KB_PARSED_BAD_UDP_LENGTH,
};

struct kb_vlan_hdr {
	__be16 tci;
	__be16 type;
};

#define KB_IP_FRAGMENT 0x3fff /* more-fragments flag and offset; don't-fragment is not in it */

/* On KB_PARSED_UDP fills *key with the destination. */
static __always_inline enum kb_parsed kb_parse_frame(void *data, void *data_end,
						     struct kb_flow_key *key)
{
	const struct ethhdr *const eth = data;
	if ((void *)(eth + 1) > data_end)
		return KB_PARSED_TRUNCATED;
	const struct iphdr *ip = (void *)(eth + 1);
	__be16 type = eth->h_proto;
	if (type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD)) {
		const struct kb_vlan_hdr *const vlan = (void *)(eth + 1);
		if ((void *)(vlan + 1) > data_end)
			return KB_PARSED_TRUNCATED;
		type = vlan->type;
		ip = (void *)(vlan + 1);
	}
	if (type == bpf_htons(ETH_P_ARP))
		return KB_PARSED_ARP;
	if (type == bpf_htons(ETH_P_IPV6))
		return KB_PARSED_IPV6;
	if (type != bpf_htons(ETH_P_IP))
		return KB_PARSED_UNKNOWN_TYPE;

	if ((void *)(ip + 1) > data_end)
		return KB_PARSED_TRUNCATED;
	const __u32 ihl = ip->ihl * 4u;
	const __u32 total = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || ihl < sizeof(*ip) || total < ihl)
		return KB_PARSED_BAD_IP_HEADER;
	if (total > (__u64)(data_end - (void *)ip))
		return KB_PARSED_TRUNCATED;
	if (ip->protocol == IPPROTO_ICMP || ip->protocol == IPPROTO_IGMP)
		return KB_PARSED_CONTROL;
	if (ip->protocol != IPPROTO_UDP)
		return KB_PARSED_NOT_UDP;
	if (ip->frag_off & bpf_htons(KB_IP_FRAGMENT))
		return KB_PARSED_FRAGMENT;

	const struct udphdr *const udp = (void *)ip + ihl;
	if (total < ihl + sizeof(*udp) || (void *)(udp + 1) > data_end)
		return KB_PARSED_TRUNCATED;
	const __u32 udp_len = bpf_ntohs(udp->len);
	if (udp_len < sizeof(*udp) || udp_len != total - ihl)
		return KB_PARSED_BAD_UDP_LENGTH;

	key->addr = ip->daddr;
	key->port = udp->dest;
	key->zero = 0;
	return KB_PARSED_UDP;
}

#endif
