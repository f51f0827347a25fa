/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DUMP_FRAME_H
#define KB_DUMP_FRAME_H

#include <stdint.h>

/* A frame on its way into the file. */
struct kb_dump_frame {
	uint32_t queue;
	uint32_t captured;
	uint32_t wire;
	uint8_t cause; /* KB_TAP_DELIVERED, or why the handler does not get it */
	uint64_t ns;
	uint64_t dropped; /* on its queue since the frame before */
	const uint8_t *data;
};

#endif
