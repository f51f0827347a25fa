/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef KB_FILTER_SHARED_H
#define KB_FILTER_SHARED_H

#include <linux/types.h>

/* What the XDP programs and user space agree on: verdicts, map layouts, configuration. */

#define KB_FILTER_MAX_FLOWS  64	 /* = KB_MAX_FLOWS of include/kb/flow.h */
#define KB_FILTER_MAX_QUEUES 128 /* = KB_MAX_QUEUES of include/kb/stats.h */

enum kb_verdict {
#define KB_VERDICT(symbol, name, cause, meaning) KB_VERDICT_##symbol,
#include "verdicts.def"
#undef KB_VERDICT
	KB_VERDICTS
};

/* Map `flows`: a wanted destination, both in network byte order; addr 0 = any. */
struct kb_flow_key {
	__be32 addr;
	__be16 port;
	__u16 zero; /* a hash key is compared whole: no padding may differ */
};

/* Map `counts`, one entry on each CPU: frames by verdict. One entry, so one system call reads all.
 */
struct kb_filter_counts {
	__u64 verdict[KB_VERDICTS];
};

/* Read-only data of a program: constant from its load on, so the verifier drops dead branches. */
struct kb_filter_config {
	__u32 drop_unmatched; /* KB_UNMATCHED: 0 = pass, 1 = drop */
};

#endif
