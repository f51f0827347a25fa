// SPDX-License-Identifier: Apache-2.0
/* An ITCH-like feed in MoldUDP64 packets: HANDLERS.md builds this file step by step. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kb/error.h"
#include "kb/handler.h"

enum counter { ADDS, EXECUTIONS, TRADES, OTHERS, HEARTBEATS, ENDS, TWICE, NOT_MOLD };

const struct kb_handler_info kb_handler_info = {
	.abi = KB_HANDLER_ABI,
	.name = "itch",
	.counters = {"adds", "executions", "trades", "others", "heartbeats", "ends", "twice",
		     "not_mold", NULL},
};

#define SESSION	  10u
#define HEADER	  20u
#define END	  0xffffu
#define ITCH_HEAD 11u /* type, stock, tracking number, time */
#define DAY_NS	  86400000000000ull

struct kb_handler {
	struct kb_handler_env env;
	uint64_t midnight_ns; /* since 1970; a day is added when it is over */
	uint8_t session[SESSION];
	uint64_t next; /* the sequence number that comes next, 0 = no session yet */
};

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	char text[32];
	char *end = text;
	struct kb_handler *const h = calloc(1, sizeof(*h));

	*out = NULL;
	if (!h)
		return kb_err_set(KB_EXIT_RETRY, errno, "memory for the handler");
	const int given = kb_handler_arg(env->args, "midnight-ns", text, sizeof(text));
	if (given > 0)
		h->midnight_ns = strtoull(text, &end, 10);
	if (given < 0 || *end) {
		if (given >= 0)
			kb_err_set(KB_EXIT_CONFIG, 0,
				   "midnight-ns must be nanoseconds since 1970, got '%s'", text);
		free(h);
		return -1;
	}
	h->env = *env;
	*out = h;
	return 0;
}

static uint64_t load_be(const uint8_t *p, uint32_t bytes)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

static void on_message(struct kb_handler *h, const uint8_t *m, uint64_t now_ns)
{
	uint64_t *const counters = h->env.counters;

	switch (m[0]) {
	case 'A': /* add order, without and with its owner */
	case 'F':
		counters[ADDS]++;
		break;
	case 'E': /* executed, at the order's price and at another */
	case 'C':
		counters[EXECUTIONS]++;
		break;
	case 'P':
		counters[TRADES]++;
		break;
	default:
		counters[OTHERS]++;
		break;
	}
	if (h->midnight_ns) {
		const uint64_t made_ns = h->midnight_ns + load_be(m + 5, 6);

		kb_hist_record(h->env.hist, (int64_t)(now_ns - made_ns));
	}
}

/* Whether `count` messages fill the rest of a packet to its last byte. */
static bool are_messages(const uint8_t *p, uint32_t left, uint32_t count)
{
	while (count--) {
		const uint32_t len = left < 2 ? 0 : (uint32_t)load_be(p, 2);

		if (len < ITCH_HEAD || len + 2 > left)
			return false;
		p += len + 2;
		left -= len + 2;
	}
	return left == 0;
}

/* Moves to `seq`; returns how many of `count` messages from there have been seen before. */
static uint64_t advance(struct kb_handler *h, const uint8_t *session, uint64_t seq, uint64_t count)
{
	if (h->next == 0 || memcmp(session, h->session, SESSION) != 0) {
		memcpy(h->session, session, SESSION);
		h->next = seq; /* what came before we listened is not missing */
	}
	if (seq > h->next) {
		*h->env.gaps += seq - h->next;
		h->next = seq;
	}
	const uint64_t seen = h->next - seq < count ? h->next - seq : count;
	if (seq + count > h->next)
		h->next = seq + count;
	return seen;
}

static inline void on_packet(struct kb_handler *h, const struct kb_pkt *pkt, uint64_t now_ns)
{
	const uint8_t *m = pkt->payload + HEADER;

	if (pkt->len < HEADER)
		goto not_mold;
	const uint64_t seq = load_be(pkt->payload + SESSION, 8);
	const uint32_t count = (uint32_t)load_be(pkt->payload + SESSION + 8, 2);
	const uint32_t messages = count == END ? 0 : count;
	if (seq == 0 || !are_messages(m, pkt->len - HEADER, messages))
		goto not_mold;

	const uint64_t seen = advance(h, pkt->payload, seq, messages);
	h->env.counters[TWICE] += seen;
	h->env.counters[HEARTBEATS] += count == 0;
	h->env.counters[ENDS] += count == END;
	for (uint32_t i = 0; i < messages; i++) {
		const uint32_t len = (uint32_t)load_be(m, 2);

		if (i >= seen)
			on_message(h, m + 2, now_ns);
		m += len + 2;
	}
	return;

not_mold:
	h->env.counters[NOT_MOLD]++;
	++*h->env.dropped;
}
KB_HANDLER_ON_PACKET(on_packet)

void kb_handler_tick(struct kb_handler *h, uint64_t now_ns)
{
	/* Trading days differ by a whole day; summer time begins and ends on a Sunday. */
	if (h->midnight_ns && now_ns > h->midnight_ns + DAY_NS)
		h->midnight_ns += DAY_NS;
}

void kb_handler_fini(struct kb_handler *h)
{
	free(h);
}
