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

/* Magic and line, whatever the flags: equal for all messages of a line, and of 48 bits. */
static inline uint64_t kb_msg_head(const uint8_t *payload)
{
	uint64_t head;

	__builtin_memcpy(&head, payload, sizeof(head));
	return le64toh(head) & 0xffffffffffffull;
}

static inline uint64_t kb_msg_seq(const uint8_t *payload)
{
	uint64_t seq;

	__builtin_memcpy(&seq, payload + offsetof(struct kb_msg, seq), sizeof(seq));
	return le64toh(seq);
}

static inline uint64_t kb_msg_scheduled_ns(const uint8_t *payload)
{
	uint64_t ns;

	__builtin_memcpy(&ns, payload + offsetof(struct kb_msg, scheduled_ns), sizeof(ns));
	return le64toh(ns);
}

/* In the host's order; the flags are reserved. */
static inline struct kb_msg kb_msg_load(const uint8_t *payload)
{
	const uint64_t head = kb_msg_head(payload);

	return (struct kb_msg){.magic = (uint32_t)head,
			       .line = (uint16_t)(head >> 32),
			       .seq = kb_msg_seq(payload),
			       .scheduled_ns = kb_msg_scheduled_ns(payload)};
}

#endif
