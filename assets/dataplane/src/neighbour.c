// SPDX-License-Identifier: Apache-2.0
#include "kb/neighbour.h"

#include <string.h>

static uint32_t probe(uint32_t addr, uint32_t i)
{
	/* Fibonacci hashing: neighbouring addresses, the usual case, land far apart. */
	return ((addr * 0x9e3779b1u >> 16) + i) % KB_NEIGHBOURS;
}

static bool fresh(uint64_t then, uint64_t now, uint64_t age)
{
	return then && now - then < age;
}

enum kb_neighbour_state kb_neighbour_get(const struct kb_neighbours *t, uint32_t addr,
					 uint64_t now_ns, uint8_t mac[6])
{
	for (uint32_t i = 0; i < KB_NEIGHBOUR_PROBES; i++) {
		const struct kb_neighbour *const n = &t->slot[probe(addr, i)];
		if (__atomic_load_n(&n->addr, __ATOMIC_RELAXED) != addr)
			continue;
		uint64_t learnt;
		uint32_t seq;
		do {
			seq = __atomic_load_n(&n->seq, __ATOMIC_ACQUIRE);
			learnt = __atomic_load_n(&n->learnt_ns, __ATOMIC_RELAXED);
			for (uint32_t b = 0; b < sizeof(n->mac); b++)
				mac[b] = __atomic_load_n(&n->mac[b], __ATOMIC_RELAXED);
			if (__atomic_load_n(&n->addr, __ATOMIC_RELAXED) != addr)
				return KB_NEIGHBOUR_UNKNOWN; /* evicted meanwhile */
			__atomic_thread_fence(__ATOMIC_ACQUIRE);
		} while ((seq & 1) || seq != __atomic_load_n(&n->seq, __ATOMIC_RELAXED));
		if (!learnt)
			return KB_NEIGHBOUR_UNKNOWN;
		return fresh(learnt, now_ns, KB_NEIGHBOUR_FRESH_NS) ? KB_NEIGHBOUR_KNOWN
								    : KB_NEIGHBOUR_STALE;
	}
	return KB_NEIGHBOUR_UNKNOWN;
}

static void lock(struct kb_neighbours *t)
{
	while (__atomic_exchange_n(&t->lock, 1, __ATOMIC_ACQUIRE))
		;
}

static void unlock(struct kb_neighbours *t)
{
	__atomic_store_n(&t->lock, 0, __ATOMIC_RELEASE);
}

/* Under the lock: the address's slot, or NULL. */
static struct kb_neighbour *find(struct kb_neighbours *t, uint32_t addr)
{
	for (uint32_t i = 0; i < KB_NEIGHBOUR_PROBES; i++)
		if (t->slot[probe(addr, i)].addr == addr)
			return &t->slot[probe(addr, i)];
	return NULL;
}

/* Under the lock: a slot for a new address. */
static struct kb_neighbour *claim(struct kb_neighbours *t, uint32_t addr)
{
	struct kb_neighbour *oldest = NULL;
	for (uint32_t i = 0; i < KB_NEIGHBOUR_PROBES; i++) {
		struct kb_neighbour *const n = &t->slot[probe(addr, i)];
		if (!n->addr)
			return n;
		if (!oldest || n->learnt_ns < oldest->learnt_ns)
			oldest = n;
	}
	return oldest;
}

/* Under the lock: writes a slot as readers expect it. mac NULL = not known yet. */
static void write_slot(struct kb_neighbour *n, uint32_t addr, const uint8_t *mac, uint64_t now_ns)
{
	__atomic_store_n(&n->seq, n->seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&n->addr, addr, __ATOMIC_RELAXED);
	__atomic_store_n(&n->learnt_ns, mac ? now_ns : 0, __ATOMIC_RELAXED);
	for (uint32_t b = 0; mac && b < sizeof(n->mac); b++)
		__atomic_store_n(&n->mac[b], mac[b], __ATOMIC_RELAXED);
	__atomic_store_n(&n->seq, n->seq + 1, __ATOMIC_RELEASE);
}

void kb_neighbour_put(struct kb_neighbours *t, uint32_t addr, const uint8_t mac[6], uint64_t now_ns)
{
	lock(t);
	struct kb_neighbour *n = find(t, addr);
	if (!n) {
		n = claim(t, addr);
		n->asked_ns = 0;
	}
	write_slot(n, addr, mac, now_ns);
	unlock(t);
}

bool kb_neighbour_refresh(struct kb_neighbours *t, uint32_t addr, const uint8_t mac[6],
			  uint64_t now_ns)
{
	lock(t);
	struct kb_neighbour *const n = find(t, addr);
	if (n)
		write_slot(n, addr, mac, now_ns);
	unlock(t);
	return n != NULL;
}

bool kb_neighbour_ask(struct kb_neighbours *t, uint32_t addr, uint64_t now_ns)
{
	lock(t);
	struct kb_neighbour *n = find(t, addr);
	if (!n) {
		n = claim(t, addr);
		n->asked_ns = 0;
		write_slot(n, addr, NULL, now_ns);
	}
	const bool ask = !fresh(n->asked_ns, now_ns, KB_NEIGHBOUR_ASK_NS);
	if (ask)
		n->asked_ns = now_ns;
	unlock(t);
	return ask;
}
