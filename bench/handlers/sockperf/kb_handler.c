// SPDX-License-Identifier: Apache-2.0
/*
 * Answers sockperf's clients as `sockperf server` does, so that one and the same client can measure
 * both: a message that asks for a reply goes back with the client's flag taken off.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kb/backend.h"
#include "kb/error.h"
#include "kb/handler.h"
#include "kb/stats.h"

/* sockperf's message header: u64 sequence, u16 flags, i32 length, all big-endian. */
#define FLAGS_AT    9u /* the low byte of the flags */
#define HEADER	    14u
#define FROM_CLIENT 1u
#define WANTS_REPLY 2u

#define MESSAGE_MAX 2048u /* the bench sends 288 */

const struct kb_handler_info kb_handler_info = {
	.abi = KB_HANDLER_ABI,
	.name = "sockperf",
	.counters = {"replies"},
};

struct kb_handler {
	struct kb_handler_env env;
	uint8_t reply[MESSAGE_MAX];
};

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	struct kb_handler *const h = calloc(1, sizeof(*h));

	if (!h)
		return kb_err_set(KB_EXIT_RETRY, errno, "sockperf handler");
	h->env = *env;
	*out = h;
	return 0;
}

static inline void on_packet(struct kb_handler *h, const struct kb_pkt *p, uint64_t now_ns)
{
	(void)now_ns;
	if (p->len < HEADER || p->len > MESSAGE_MAX || !(p->payload[FLAGS_AT] & WANTS_REPLY))
		return;
	memcpy(h->reply, p->payload, p->len);
	h->reply[FLAGS_AT] &= (uint8_t)~FROM_CLIENT;
	const struct kb_tx tx = {
		.payload = h->reply,
		.dst_addr = p->src_addr,
		.dst_port = p->src_port,
		.src_port = p->dst_port,
		.len = p->len,
	};
	const uint32_t sent = kb_tx_burst(h->env.tx, &tx, 1);

	kb_stat_add(&h->env.counters[0], sent);
	kb_stat_add(h->env.unsent, 1 - sent);
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
