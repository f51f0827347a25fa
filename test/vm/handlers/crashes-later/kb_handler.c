// SPDX-License-Identifier: Apache-2.0
/* Is ready, and dies soon after: each restart looks good at first. */
#include <stdlib.h>

#include "kb/error.h"
#include "kb/handler.h"

#define TICKS_TO_LIVE 500 /* about half a second */

struct kb_handler {
	uint32_t ticks;
};

const struct kb_handler_info kb_handler_info = {.abi = KB_HANDLER_ABI, .name = "custom"};

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	(void)env;
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : kb_err_set(KB_EXIT_RETRY, 0, "no memory for the handler");
}

static void ignore(struct kb_handler *h, const struct kb_pkt *pkt, uint64_t now_ns)
{
	(void)h;
	(void)pkt;
	(void)now_ns;
}

KB_HANDLER_ON_PACKET(ignore)

void kb_handler_tick(struct kb_handler *h, uint64_t now_ns)
{
	(void)now_ns;
	if (++h->ticks == TICKS_TO_LIVE)
		abort();
}

void kb_handler_fini(struct kb_handler *h)
{
	free(h);
}
