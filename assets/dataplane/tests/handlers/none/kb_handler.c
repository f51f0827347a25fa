// SPDX-License-Identifier: Apache-2.0
/* A handler that does nothing: what remains of a receiver's cost is the loop's own. */
#include "kb/handler.h"

const struct kb_handler_info kb_handler_info = {
	.abi = KB_HANDLER_ABI,
	.name = "none",
	.counters = {NULL},
};

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	(void)env;
	*out = NULL;
	return 0;
}

void kb_handler_on_burst(struct kb_handler *h, const struct kb_pkt *v, uint32_t n, uint64_t now_ns)
{
	(void)h;
	(void)v;
	(void)n;
	(void)now_ns;
}

void kb_handler_tick(struct kb_handler *h, uint64_t now_ns)
{
	(void)h;
	(void)now_ns;
}

void kb_handler_fini(struct kb_handler *h)
{
	(void)h;
}
