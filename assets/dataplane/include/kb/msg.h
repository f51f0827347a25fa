/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_MSG_H
#define KB_MSG_H

#include <stdint.h>

/* What kb-gen puts at the front of each UDP payload, little-endian. */
#define KB_MSG_MAGIC 0x3147424bu /* "KBG1" */
#define KB_MSG_MIN   ((uint32_t)sizeof(struct kb_msg))

struct kb_msg {
	uint32_t magic;
	uint16_t line;	       /* A/B line or stream, each with its own sequence */
	uint16_t flags;	       /* reserved, 0 */
	uint64_t seq;	       /* from 0 */
	uint64_t scheduled_ns; /* CLOCK_REALTIME when it was due, not when it went out */
};
_Static_assert(sizeof(struct kb_msg) == 24, "kb_msg is a wire format");

#endif
