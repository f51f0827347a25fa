/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_GEN_PCAP_H
#define KB_GEN_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads a capture in memory in the classic pcap format: of either byte order, with stamps in micro-
 * or nanoseconds, of Ethernet frames. Not pcapng, which says so in words.
 */
struct kb_pcap {
	const uint8_t *data;
	size_t size;
	size_t at; /* next record */
	bool swapped;
	bool nanoseconds;
};

struct kb_pcap_frame {
	uint64_t ns; /* since 1970 */
	const uint8_t *data;
	uint32_t len; /* captured bytes; the frame may have been longer */
};

/* Returns 0, or -1 with kb_err when it is no such capture. */
int kb_pcap_begin(struct kb_pcap *p, const uint8_t *data, size_t size);

/* Returns 1 with the next frame, 0 at the end, or -1 with kb_err when the capture is cut there. */
int kb_pcap_next(struct kb_pcap *p, struct kb_pcap_frame *out);

#endif
