// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agrona_ring.h"
#include "kb/error.h"

static uint32_t align8(uint32_t n)
{
	return (n + 7u) & ~7u;
}

static void pad(struct kb_ring *ring, uint32_t index, uint32_t bytes)
{
	int32_t *const header = kb_ring_length(ring, index);
	header[1] = KB_RING_PADDING_TYPE;
	__atomic_store_n(&header[0], (int32_t)bytes, __ATOMIC_RELEASE);
}

/*
 * The positions of a ring: the tail at most a capacity ahead of the head, both where a record can
 * begin. Any file may have the right size, and a consumer may have written anywhere.
 */
static bool is_ring(const struct kb_ring *ring)
{
	const uint64_t head = *kb_ring_position(ring, KB_RING_HEAD);
	const uint64_t tail = *kb_ring_position(ring, KB_RING_TAIL);

	return (head | tail) % KB_RING_HEADER == 0 && tail - head <= ring->capacity &&
	       *kb_ring_position(ring, KB_RING_HEAD_CACHE) <= head;
}

/* An earlier producer may have died between claim and commit; its record would stop the consumer.
 */
static void finish_abandoned(struct kb_ring *ring)
{
	uint64_t at = __atomic_load_n(kb_ring_position(ring, KB_RING_HEAD), __ATOMIC_ACQUIRE);
	const uint64_t tail = *kb_ring_position(ring, KB_RING_TAIL);

	while (at < tail) {
		const uint32_t index = (uint32_t)at & ring->mask;
		const int32_t length = *kb_ring_length(ring, index);
		uint32_t bytes;
		if (length > 0) {
			bytes = align8((uint32_t)length);
		} else {
			/* Unwritten up to the tail, or up to the end of the buffer. */
			const uint64_t left = tail - at;
			const uint32_t to_end = ring->capacity - index;
			bytes = length < 0 ? align8(0u - (uint32_t)length)
					   : (uint32_t)(left < to_end ? left : to_end);
			pad(ring, index, bytes);
		}
		at += bytes;
	}
}

int kb_ring_open(struct kb_ring *ring, const char *path, uint32_t capacity)
{
	const size_t size = (size_t)capacity + KB_RING_TRAILER;
	/* The group may write: a consumer moves the head, and need not be the receiver's user. */
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd < 0)
		return kb_err_set(KB_EXIT_CONFIG, errno, "ring file %s", path);

	struct stat st;
	if (fstat(fd, &st) != 0) {
		kb_err_set(KB_EXIT_RETRY, errno, "ring file %s", path);
		goto close_fd;
	}
	const bool fresh = st.st_size == 0;
	if (!fresh && (size_t)st.st_size != size) {
		kb_err_set(
			KB_EXIT_CONFIG, 0,
			"ring file %s has %lld bytes, 'size=%u' needs %zu: stop its consumers and "
			"remove it, or keep the size",
			path, (long long)st.st_size, capacity, size);
		goto close_fd;
	}
	/* posix_fallocate, not ftruncate: a full tmpfs is found here and not by SIGBUS later. */
	const int full = fresh ? posix_fallocate(fd, 0, (off_t)size) : 0;
	if (full != 0) {
		kb_err_set(KB_EXIT_RETRY, full, "ring file %s: reserve %zu bytes", path, size);
		unlink(path);
		goto close_fd;
	}
	void *const map =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED) {
		kb_err_set(KB_EXIT_RETRY, errno, "ring file %s: map", path);
		goto close_fd;
	}
	close(fd);
	ring->buffer = map;
	ring->capacity = capacity;
	ring->mask = capacity - 1;
	if (fresh)
		return 0;
	if (!is_ring(ring)) {
		kb_ring_close(ring);
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "ring file %s holds no ring: stop its consumers and remove it",
				  path);
	}
	finish_abandoned(ring);
	return 0;

close_fd:
	close(fd);
	return -1;
}

void kb_ring_close(struct kb_ring *ring)
{
	if (ring->buffer != NULL)
		munmap(ring->buffer, (size_t)ring->capacity + KB_RING_TRAILER);
	ring->buffer = NULL;
}

/* Whether `needed` bytes are free behind the consumer; reads its position only when it must. */
static bool has_room(struct kb_ring *ring, uint64_t tail, uint64_t needed)
{
	uint64_t *const cache = kb_ring_position(ring, KB_RING_HEAD_CACHE);
	if (needed <= ring->capacity - (tail - *cache))
		return true;
	*cache = __atomic_load_n(kb_ring_position(ring, KB_RING_HEAD), __ATOMIC_ACQUIRE);
	return needed <= ring->capacity - (tail - *cache);
}

uint8_t *kb_ring_claim(struct kb_ring *ring, uint32_t length)
{
	const uint32_t record = align8(length + KB_RING_HEADER);
	uint64_t *const tail_at = kb_ring_position(ring, KB_RING_TAIL);
	const uint64_t tail = *tail_at;
	const uint32_t index = (uint32_t)tail & ring->mask;
	const uint32_t to_end = ring->capacity - index;
	/* A record never wraps: what is left at the end becomes padding. Beyond the record one more
	 * header must be free, because it is zeroed to stop the consumer there. */
	const uint32_t padding = record > to_end ? to_end : 0;

	if (record + KB_RING_HEADER > ring->capacity / 2 ||
	    !has_room(ring, tail, (uint64_t)padding + record + KB_RING_HEADER))
		return NULL;

	const uint32_t start = padding > 0 ? 0 : index;
	const uint32_t next = (start + record) & ring->mask;
	__atomic_store_n((uint64_t *)(void *)(ring->buffer + next), 0, __ATOMIC_RELAXED);
	if (padding > 0)
		*kb_ring_length(ring, start) = 0;
	__atomic_store_n(kb_ring_length(ring, start), -(int32_t)(length + KB_RING_HEADER),
			 __ATOMIC_RELAXED);
	__atomic_store_n(tail_at, tail + padding + record, __ATOMIC_RELEASE);
	if (padding > 0)
		pad(ring, index, padding);
	return ring->buffer + start + KB_RING_HEADER;
}
