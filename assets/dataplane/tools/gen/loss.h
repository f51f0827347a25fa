/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_GEN_LOSS_H
#define KB_GEN_LOSS_H

#include "arrivals.h"
#include "options.h"

/*
 * Which copies of a message are withheld: each line's own chance, from the seed alone. A copy that
 * is never sent is a loss whose exact number the sender knows, whatever the network adds.
 */
struct kb_loss {
	bool any;
	uint32_t lines;
	uint64_t below[KB_GEN_MAX_LINES]; /* of 2^64: withheld when the draw is less */
	uint64_t random;
};

static inline void kb_loss_init(struct kb_loss *l, const struct kb_gen_options *o)
{
	/* Apart from the arrivals, which draw from the same seed. */
	*l = (struct kb_loss){.lines = o->lines, .random = ~o->seed};
	for (uint32_t i = 0; i < o->lines; i++) {
		const double share = o->line_loss[i] / 100;
		l->below[i] = share >= 1 ? UINT64_MAX : (uint64_t)(share * 0x1p64);
		l->any = l->any || l->below[i];
	}
}

/* The lines (bit 1 << line) that do not carry the next message. */
static inline uint32_t kb_loss_next(struct kb_loss *l)
{
	uint32_t withheld = 0;

	/* One draw for each line, so that one line's loss does not change another's. */
	for (uint32_t i = 0; l->any && i < l->lines; i++)
		withheld |= (uint32_t)(kb_arrivals_random(&l->random) < l->below[i]) << i;
	return withheld;
}

#endif
