/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_MSG_H
#define KB_MSG_H

#include <endian.h>
#include <stddef.h>
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

/* In the host's order; the flags are reserved. Field by field: a copy of the whole would take its
 * way through the stack. */
static inline struct kb_msg kb_msg_load(const uint8_t *payload)
{
	struct kb_msg m = {.flags = 0};

	__builtin_memcpy(&m.magic, payload + offsetof(struct kb_msg, magic), sizeof(m.magic));
	__builtin_memcpy(&m.line, payload + offsetof(struct kb_msg, line), sizeof(m.line));
	__builtin_memcpy(&m.seq, payload + offsetof(struct kb_msg, seq), sizeof(m.seq));
	__builtin_memcpy(&m.scheduled_ns, payload + offsetof(struct kb_msg, scheduled_ns),
			 sizeof(m.scheduled_ns));
	m.magic = le32toh(m.magic);
	m.line = le16toh(m.line);
	m.seq = le64toh(m.seq);
	m.scheduled_ns = le64toh(m.scheduled_ns);
	return m;
}

#endif
