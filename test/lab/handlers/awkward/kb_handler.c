// SPDX-License-Identifier: Apache-2.0
/*
 * A handler that does what handlers must not: refuses every tenth message, and once, in the middle
 * of what the lab measures, keeps its queue waiting. The lab's books must balance all the same.
 */
#include <errno.h>
#include <stdlib.h>

#include "kb/error.h"
#include "kb/handler.h"
#include "kb/stats.h"

#define STALL_AT 150000u      /* at 100,000/s: half a second after the warm-up of one */
#define STALL_NS 300000000ull /* 30,000 messages: more than any ring of the plan holds */

struct kb_handler {
	struct kb_handler_env env;
	uint64_t seen;
};

const struct kb_handler_info kb_handler_info = {.abi = KB_HANDLER_ABI, .name = "awkward"};

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	struct kb_handler *const h = calloc(1, sizeof(*h));

	if (!h)
		return kb_err_set(KB_EXIT_RETRY, errno, "awkward handler");
	h->env = *env;
	*out = h;
	return 0;
}

static void stall(void)
{
	const uint64_t until = kb_now_ns() + STALL_NS;

	while (kb_now_ns() < until)
		;
}

static inline void on_packet(struct kb_handler *h, const struct kb_pkt *p, uint64_t now_ns)
{
	(void)p;
	(void)now_ns;
	if (++h->seen % 10 == 0)
		kb_stat_add(h->env.dropped, 1);
	if (h->seen == STALL_AT)
		stall();
}

KB_HANDLER_ON_PACKET(on_packet)

void kb_handler_tick(struct kb_handler *h, uint64_t now_ns)
{
	(void)h;
	(void)now_ns;
}

void kb_handler_fini(struct kb_handler *h)
{
	free(h);
}
