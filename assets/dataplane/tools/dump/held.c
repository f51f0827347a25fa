// SPDX-License-Identifier: Apache-2.0
#include "held.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kb/error.h"

int kb_held_open(struct kb_held *h, uint32_t slots)
{
	*h = (struct kb_held){.slots = slots, .slot = calloc(slots, sizeof(*h->slot))};
	if (!h->slot)
		return kb_err_set(KB_EXIT_RETRY, errno, "memory for %u packets before a trigger",
				  slots);
	return 0;
}

int kb_held_put(struct kb_held *h, const struct kb_dump_frame *frame)
{
	if (h->n == h->slots)
		kb_held_take(h);
	struct kb_held_slot *const s = &h->slot[(h->first + h->n) % h->slots];
	if (s->room < frame->captured) {
		uint8_t *const more = realloc(s->bytes, frame->captured);

		if (!more)
			return kb_err_set(KB_EXIT_RETRY, errno, "memory for a packet of %u bytes",
					  frame->captured);
		s->bytes = more;
		s->room = frame->captured;
	}
	s->frame = *frame;
	s->frame.data = s->bytes;
	if (frame->captured)
		memcpy(s->bytes, frame->data, frame->captured);
	h->n++;
	return 0;
}

const struct kb_dump_frame *kb_held_take(struct kb_held *h)
{
	if (h->n == 0)
		return NULL;
	const struct kb_dump_frame *const oldest = &h->slot[h->first].frame;
	h->first = (h->first + 1) % h->slots;
	h->n--;
	return oldest;
}

void kb_held_close(struct kb_held *h)
{
	for (uint32_t i = 0; h->slot && i < h->slots; i++)
		free(h->slot[i].bytes);
	free(h->slot);
	*h = (struct kb_held){0};
}
