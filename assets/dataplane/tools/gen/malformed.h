/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_GEN_MALFORMED_H
#define KB_GEN_MALFORMED_H

#include <stdint.h>

#include "kb/frame.h"

/*
 * Frames that no feed sends and every network delivers. They go out between the messages and carry
 * none of their sequence numbers, so what a receiver makes of them moves no gap: only its causes.
 */
enum kb_malformed_kind {
#define KB_MALFORMED(symbol, name, meaning) KB_MALFORMED_##symbol,
#include "malformed.def"
#undef KB_MALFORMED
	KB_MALFORMED_KINDS
};

struct kb_malformed_info {
	const char *name;
	const char *meaning;
};
extern const struct kb_malformed_info kb_malformed_kinds[KB_MALFORMED_KINDS];

/* For each kind, the percentage of messages that one such frame follows. */
struct kb_malformed_mix {
	double percent[KB_MALFORMED_KINDS];
	uint32_t any; /* 0: none at all */
};

/* "KIND:PERCENT,...", where KIND may be `all`. Returns 0, or -1 with kb_err. */
int kb_malformed_parse(struct kb_malformed_mix *out, const char *text);

/* At the front of their payload, where a message has its own magic. */
#define KB_MALFORMED_MAGIC 0x5847424bu /* "KBGX" */
/* Longer than any header that is cut, and than a message's. */
#define KB_MALFORMED_PAYLOAD 64u
#define KB_MALFORMED_FRAME   (KB_UDP_HEADERS + KB_MALFORMED_PAYLOAD + 2u * KB_VLAN_HLEN)

/* Builds one at `frame` (KB_MALFORMED_FRAME bytes); returns its length. */
uint32_t kb_malformed_build(uint8_t *frame, enum kb_malformed_kind kind,
			    const struct kb_frame_path *path);

#endif
