// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The `afxdp` data plane: wanted flows go to the AF_XDP socket of the queue they arrived on, the
 * kernel keeps what it needs. Attached by kb-afxdp through a link, so it ends with the process.
 */
#include "classify.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, KB_FILTER_MAX_QUEUES);
	__type(key, __u32);
	__type(value, __u32); /* socket */
} sockets SEC(".maps");

SEC("xdp")
int kb_redirect(struct xdp_md *ctx)
{
	enum kb_verdict verdict = kb_classify(ctx);
	int action = kb_action(verdict);

	if (verdict == KB_VERDICT_PASS_FLOW) {
		/* The flags are the action to return when the queue has no socket. */
		action = bpf_redirect_map(&sockets, ctx->rx_queue_index,
					  config.drop_unmatched ? XDP_DROP : XDP_PASS);
		verdict = action == XDP_REDIRECT ? KB_VERDICT_REDIRECT : KB_VERDICT_REDIRECT_FAILED;
	}
	kb_count(verdict);
	return action;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
