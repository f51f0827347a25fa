// SPDX-License-Identifier: Apache-2.0
/*
 * Refuses every third datagram, as a handler does whose consumer has no room. Who is behind it
 * misses those: a gap for each, that the cause `handler` must explain.
 */
#include <errno.h>
#include <stdlib.h>

#include "kb/error.h"
#include "kb/handler.h"
#include "kb/stats.h"

#define EVERY 3

const struct kb_handler_info kb_handler_info = {
	.abi = KB_HANDLER_ABI,
	.name = "refuse",
	.counters = {"accepted"},
};

struct kb_handler {
	struct kb_handler_env env;
	uint64_t n;
};

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	struct kb_handler *const h = calloc(1, sizeof(*h));

	if (!h)
		return kb_err_set(KB_EXIT_RETRY, errno, "allocate handler");
	h->env = *env;
	*out = h;
	return 0;
}

static inline void on_packet(struct kb_handler *h, const struct kb_pkt *pkt, uint64_t now_ns)
{
	(void)pkt;
	(void)now_ns;
	if (++h->n % EVERY) {
		kb_stat_add(&h->env.counters[0], 1);
	} else {
		kb_stat_add(h->env.dropped, 1);
		kb_stat_add(h->env.gaps, 1);
	}
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
