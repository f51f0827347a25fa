// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The `xdp` data plane: what is of no wanted flow is decided before the kernel allocates anything
 * for it; the rest goes to ordinary sockets. Attached by kb-xdp, outlives every process.
 */
#include "classify.bpf.h"

SEC("xdp")
int kb_filter(struct xdp_md *ctx)
{
	const enum kb_verdict verdict = kb_classify(ctx);
	kb_count(verdict);
	return kb_action(verdict);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
