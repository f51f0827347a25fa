// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Somebody else's XDP program: must be left alone. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int other(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
