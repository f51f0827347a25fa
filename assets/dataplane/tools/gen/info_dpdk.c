// SPDX-License-Identifier: Apache-2.0
#include "sender.h"

const struct kb_sender_info kb_sender_info = {
	.program = "kb-gen-dpdk",
	.wants = KB_GEN_SRC | KB_GEN_MAC | KB_GEN_EAL | KB_GEN_NEEDS_HOP,
};
