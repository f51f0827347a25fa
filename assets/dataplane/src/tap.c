// SPDX-License-Identifier: Apache-2.0
/* What runs on the queues' threads while a kb-dump is attached: copy, count, never wait. */
#include "kb/tap.h"

#include <string.h>

#include "kb/frame.h"

struct kb_tap kb_taps[KB_MAX_QUEUES];

struct kb_tap *kb_tap_begin(uint32_t queue)
{
	struct kb_tap *const t = &kb_taps[queue];

	/* Announced before looking again: the main thread looks in the other order. */
	__atomic_store_n(&t->busy, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&t->on, __ATOMIC_SEQ_CST))
		return t;
	__atomic_store_n(&t->busy, 0, __ATOMIC_RELEASE);
	return NULL;
}

void kb_tap_end(struct kb_tap *t)
{
	/* Counters first: whoever sees the records sees what was lost between them. */
	__atomic_store_n(&t->ring->seen, t->seen, __ATOMIC_RELAXED);
	__atomic_store_n(&t->ring->dropped, t->dropped, __ATOMIC_RELAXED);
	__atomic_store_n(&t->ring->head, t->head, __ATOMIC_RELEASE);
	__atomic_store_n(&t->busy, 0, __ATOMIC_RELEASE);
}

/* Whether `size` more bytes fit; asks the reader's side only when they may not. */
static bool has_room(struct kb_tap *t, uint32_t size)
{
	const uint64_t capacity = (uint64_t)t->mask + 1;

	if (t->head + size <= t->room)
		return true;
	/* A tail that no reader of ours can have written leaves the ring full. */
	const uint64_t tail = __atomic_load_n(&t->ring->tail, __ATOMIC_ACQUIRE);
	if (tail <= t->head && t->head - tail <= capacity)
		t->room = tail + capacity;
	return t->head + size <= t->room;
}

/* Room for a record and `len` bytes behind it, which never run over the ring's end; or NULL. */
static struct kb_tap_record *reserve(struct kb_tap *t, uint32_t len, uint8_t kind)
{
	const uint32_t size = (uint32_t)(sizeof(struct kb_tap_record) + len + KB_TAP_ALIGN - 1) /
			      KB_TAP_ALIGN * KB_TAP_ALIGN;
	const uint32_t at = (uint32_t)t->head & t->mask;
	const uint32_t to_end = t->mask + 1 - at;
	const uint32_t pad = size > to_end ? to_end : 0;

	if (!has_room(t, pad + size))
		return NULL;
	if (pad) {
		*(struct kb_tap_record *)(void *)(t->data + at) =
			(struct kb_tap_record){.size = pad, .kind = KB_TAP_PAD};
		t->head += pad;
	}
	struct kb_tap_record *const r = (void *)(t->data + ((uint32_t)t->head & t->mask));
	*r = (struct kb_tap_record){
		.size = size, .kind = kind, .captured = len, .dropped = t->dropped};
	t->head += size;
	return r;
}

/* A frame of two parts; the first is whole in any snaplen. */
static void put(struct kb_tap *t, const uint8_t *headers, uint32_t headers_len, const uint8_t *rest,
		uint32_t rest_len, const struct kb_tap_record *about)
{
	const uint32_t room = t->snaplen - headers_len;
	const uint32_t kept = rest_len < room ? rest_len : room;

	t->seen++;
	struct kb_tap_record *const r = reserve(t, headers_len + kept, KB_TAP_FRAME);
	if (!r) {
		t->dropped++;
		return;
	}
	r->cause = about->cause;
	r->wire = about->wire;
	r->ns = about->ns;
	if (headers_len)
		memcpy(r + 1, headers, headers_len);
	memcpy((uint8_t *)(r + 1) + headers_len, rest, kept);
}

void kb_tap_frame(struct kb_tap *t, const uint8_t *frame, uint32_t len, uint32_t wire,
		  uint64_t rx_ns, uint8_t cause)
{
	put(t, NULL, 0, frame, len,
	    &(struct kb_tap_record){.cause = cause, .wire = wire, .ns = rx_ns});
}

void kb_tap_datagram(struct kb_tap *t, const struct kb_pkt *pkt)
{
	uint8_t ip[KB_IPV4_MIN_HLEN + KB_UDP_HLEN];
	uint8_t *const udp = ip + KB_IPV4_MIN_HLEN;

	kb_frame_ipv4(ip, KB_IPPROTO_UDP, KB_FRAME_TTL, pkt->src_addr, pkt->dst_addr,
		      KB_UDP_HLEN + pkt->len);
	kb_store_be16(udp, pkt->src_port);
	kb_store_be16(udp + 2, pkt->dst_port);
	kb_store_be16(udp + 4, KB_UDP_HLEN + pkt->len);
	kb_store_be16(udp + 6, 0); /* no checksum: the socket has checked it and does not say */
	put(t, ip, sizeof(ip), pkt->payload, pkt->len,
	    &(struct kb_tap_record){.cause = KB_TAP_DELIVERED,
				    .wire = (uint32_t)sizeof(ip) + pkt->len,
				    .ns = pkt->rx_ns});
}

void kb_tap_burst(const struct kb_pkt *v, uint32_t n, uint64_t done_ns, uint64_t gaps)
{
	struct kb_tap *const t = kb_tap_begin(v->queue);
	uint64_t first_ns = done_ns;

	if (!t)
		return;
	for (uint32_t i = 0; i < n; i++)
		if (v[i].rx_ns < first_ns)
			first_ns = v[i].rx_ns;
	/* What finds no room is told with the next burst: the slow ones are when a ring fills. */
	if (done_ns - first_ns > t->untold.latency_ns)
		t->untold.latency_ns = done_ns - first_ns;
	t->untold.gaps = gaps;
	t->untold.n += n;
	struct kb_tap_record *const r = reserve(t, sizeof(t->untold), KB_TAP_BURST);
	if (r) {
		r->ns = done_ns;
		memcpy(r + 1, &t->untold, sizeof(t->untold));
		t->untold = (struct kb_tap_outcome){0};
	}
	kb_tap_end(t);
}
