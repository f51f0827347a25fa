// SPDX-License-Identifier: Apache-2.0
/* Dies before the receiver is ready. */
#include <stdlib.h>

#include "kb/handler.h"

const struct kb_handler_info kb_handler_info = {.abi = KB_HANDLER_ABI, .name = "custom"};

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	(void)out;
	(void)env;
	abort();
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
	(void)h;
	(void)now_ns;
}

void kb_handler_fini(struct kb_handler *h)
{
	(void)h;
}
