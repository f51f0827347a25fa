// SPDX-License-Identifier: Apache-2.0
/*
 * echo: sends every datagram back to where it came from, from the port it came to. For round-trip
 * measurements: kb-gen's stamps come back untouched.
 */
#include <errno.h>
#include <stdlib.h>
#include "kb/backend.h"
#include "kb/error.h"
#include "kb/handler.h"
#include "kb/stats.h"

#define BATCH 64u

const struct kb_handler_info kb_handler_info = {
	.abi = KB_HANDLER_ABI,
	.name = "echo",
	.counters = {NULL},
};

struct kb_handler {
	struct kb_handler_env env;
};

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	struct kb_handler *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return kb_err_set(KB_EXIT_RETRY, errno, "echo handler");
	h->env = *env;
	*out = h;
	return 0;
}

void kb_handler_on_burst(struct kb_handler *h, const struct kb_pkt *v, uint32_t n, uint64_t now_ns)
{
	(void)now_ns;
	uint32_t sent = 0;

	for (uint32_t done = 0; done < n; done += BATCH) {
		struct kb_tx tx[BATCH];
		const uint32_t batch = n - done < BATCH ? n - done : BATCH;
		for (uint32_t i = 0; i < batch; i++) {
			const struct kb_pkt *const p = &v[done + i];
			tx[i] = (struct kb_tx){
				.payload = p->payload,
				.from = p,
				.dst_addr = p->src_addr,
				.dst_port = p->src_port,
				.src_port = p->dst_port,
				.len = p->len,
				.last = true,
			};
		}
		sent += kb_tx_burst(h->env.tx, tx, batch);
	}
	kb_stat_add(h->env.unsent, n - sent);
}

void kb_handler_tick(struct kb_handler *h, uint64_t now_ns)
{
	(void)h;
	(void)now_ns;
}

void kb_handler_fini(struct kb_handler *h)
{
	free(h);
}
