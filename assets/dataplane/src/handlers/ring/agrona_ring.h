/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_AGRONA_RING_H
#define KB_AGRONA_RING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The producer's side of a ring in the layout of Agrona's OneToOneRingBuffer: a power-of-two
 * buffer, then a trailer of positions, each on its own pair of cache lines. Any Agrona consumer
 * (Java, C++, Rust) maps the file and reads it.
 *
 * A record is an 8-byte header (int32 length with header, int32 type) and the message, rounded up
 * to 8 bytes. A negative length marks a record that is being written.
 */
#define KB_RING_HEADER	     8u
#define KB_RING_TRAILER	     768u
#define KB_RING_TAIL	     128u /* offsets within the trailer */
#define KB_RING_HEAD_CACHE   256u
#define KB_RING_HEAD	     384u
#define KB_RING_HEARTBEAT    640u /* consumer's, milliseconds since the epoch */
#define KB_RING_PADDING_TYPE (-1)
#define KB_RING_MIN_CAPACITY 65536u
#define KB_RING_MAX_CAPACITY (1u << 30)

struct kb_ring {
	uint8_t *buffer;
	uint32_t capacity;
	uint32_t mask;
};

/*
 * Maps the ring file at path, making it when absent. A file of the right size is taken over as it
 * is, so a consumer that has it mapped keeps reading across a restart of the receiver; a record
 * that an earlier producer left unfinished becomes padding. Returns 0, or -1 with kb_err.
 */
int kb_ring_open(struct kb_ring *ring, const char *path, uint32_t capacity);

void kb_ring_close(struct kb_ring *ring);

static inline uint64_t *kb_ring_position(const struct kb_ring *ring, uint32_t offset)
{
	return (uint64_t *)(void *)(ring->buffer + ring->capacity + offset);
}

static inline int32_t *kb_ring_length(const struct kb_ring *ring, uint32_t index)
{
	return (int32_t *)(void *)(ring->buffer + index);
}

/*
 * Claims a record for `length` message bytes and returns where to write them, or NULL when the
 * consumer has not made room. Finish with kb_ring_commit.
 */
uint8_t *kb_ring_claim(struct kb_ring *ring, uint32_t length);

/* Publishes a claimed record. */
static inline void kb_ring_commit(struct kb_ring *ring, uint8_t *message, int32_t type,
				  uint32_t length)
{
	(void)ring;
	int32_t *const header = (int32_t *)(void *)(message - KB_RING_HEADER);
	header[1] = type;
	__atomic_store_n(&header[0], (int32_t)(length + KB_RING_HEADER), __ATOMIC_RELEASE);
}

#endif
