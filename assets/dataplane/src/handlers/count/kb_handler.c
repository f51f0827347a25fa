// SPDX-License-Identifier: Apache-2.0
/*
 * The default handler: counts, measures one-way latency and follows the sequence numbers of
 * messages that begin as kb_msg does (what kb-gen sends).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kb/error.h"
#include "kb/handler.h"
#include "kb/msg.h"
#include "kb/stats.h"

#define LINES 16

/*
 * A message may arrive this many places late before it counts as missing: deeper than any
 * reordering between queues of one host, and half a kilobyte of bitmap a line.
 */
#define WINDOW 4096u

/*
 * Or this much time late (up to twice as long). It is also why a gap shows only after the device's
 * counters, read every 100 ms, have named the loss: gaps never run ahead of their causes.
 */
#define SETTLE_NS 250000000ull

/* A jump beyond this is another sender's numbering, not a loss. */
#define MAX_JUMP (1ull << 32)

/* No sender gets there, and below it no arithmetic on numbers overflows. */
#define SEQ_END (1ull << 63)

enum counter { MESSAGES, OTHER, DUPLICATES, REORDERED, LATE, RESTARTS, UNTRACKED };

const struct kb_handler_info kb_handler_info = {
	.abi = KB_HANDLER_ABI,
	.name = "count",
	.counters = {"messages", "other", "duplicates", "reordered", "late", "restarts",
		     "untracked"},
};

/* Sequence numbers in [settled, next) are open: seen, or still expected. */
struct line {
	bool started;
	uint64_t settled;      /* everything below is received or a gap */
	uint64_t next;	       /* one above the highest seen */
	uint64_t missing;      /* of the open ones, not seen */
	uint64_t old_next;     /* `next` at the last settling */
	uint64_t scheduled_ns; /* of the highest seen */
	uint64_t seen[WINDOW / 64];
};

struct kb_handler {
	struct kb_handler_env env;
	uint64_t settled_ns; /* time of the last settling */
	struct line line[LINES];
};

static uint64_t bit(uint64_t seq)
{
	return 1ull << (seq % 64);
}

static uint64_t *word(struct line *l, uint64_t seq)
{
	return &l->seen[seq % WINDOW / 64];
}

/* Gives up on what is open below `upto`. */
static void settle(struct kb_handler *h, struct line *l, uint64_t upto)
{
	uint64_t gaps = 0;

	if (l->missing) /* the usual line has none: nothing to look for */
		for (uint64_t seq = l->settled; seq < upto; seq++)
			gaps += !(*word(l, seq) & bit(seq));
	l->missing -= gaps;
	l->settled = upto;
	if (gaps)
		kb_stat_add(h->env.gaps, gaps);
}

static void start(struct line *l, uint64_t seq)
{
	l->started = true;
	l->settled = seq;
	l->next = seq;
	l->old_next = seq;
	l->missing = 0;
}

/* `seq` is the highest so far; what it skips is expected for a while yet. */
static void advance(struct kb_handler *h, struct line *l, uint64_t seq)
{
	const uint64_t lowest = seq >= WINDOW - 1 ? seq - (WINDOW - 1) : 0;

	if (lowest > l->next) {
		/* A hole wider than the window: its older part is given up at once. */
		settle(h, l, l->next);
		kb_stat_add(h->env.gaps, lowest - l->next);
		l->next = lowest;
		l->settled = lowest;
	} else if (lowest > l->settled) {
		settle(h, l, lowest);
	}
	for (; l->next < seq; l->next++, l->missing++)
		*word(l, l->next) &= ~bit(l->next);
	*word(l, seq) |= bit(seq);
	l->next = seq + 1;
}

static void count(struct kb_handler *h, enum counter which)
{
	kb_stat_add(&h->env.counters[which], 1);
}

static void follow(struct kb_handler *h, struct line *l, uint64_t seq, uint64_t scheduled_ns)
{
	if (!l->started) {
		start(l, seq);
	} else if ((seq < l->next && scheduled_ns > l->scheduled_ns) ||
		   (seq > l->next && seq - l->next > MAX_JUMP)) {
		/* A lower number that was sent later: the sender began anew. */
		settle(h, l, l->next);
		start(l, seq);
		count(h, RESTARTS);
	}
	if (seq >= l->next) {
		advance(h, l, seq);
		l->scheduled_ns = scheduled_ns;
	} else if (seq < l->settled) {
		count(h, LATE); /* its gap has been reported, or it was before the first */
	} else if (*word(l, seq) & bit(seq)) {
		count(h, DUPLICATES);
	} else {
		*word(l, seq) |= bit(seq);
		l->missing--;
		count(h, REORDERED);
	}
}

static bool read_msg(struct kb_msg *out, const struct kb_pkt *pkt)
{
	if (pkt->len < KB_MSG_MIN)
		return false;
	*out = kb_msg_load(pkt->payload);
	return out->magic == KB_MSG_MAGIC && out->seq < SEQ_END;
}

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	struct kb_handler *const h = calloc(1, sizeof(*h));

	if (!h)
		return kb_err_set(KB_EXIT_RETRY, errno, "allocate handler");
	h->env = *env;
	*out = h;
	return 0;
}

void kb_handler_on_burst(struct kb_handler *h, const struct kb_pkt *v, uint32_t n, uint64_t now_ns)
{
	struct kb_hist_run oneway = {.hist = h->env.oneway};
	uint64_t messages = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct kb_msg msg;

		if (!read_msg(&msg, &v[i]))
			continue;
		messages++;
		kb_hist_run_add(&oneway, (int64_t)(now_ns - msg.scheduled_ns));
		if (msg.line < LINES)
			follow(h, &h->line[msg.line], msg.seq, msg.scheduled_ns);
		else
			count(h, UNTRACKED);
	}
	kb_hist_run_end(&oneway);
	kb_stat_add(&h->env.counters[MESSAGES], messages);
	kb_stat_add(&h->env.counters[OTHER], n - messages);
}

void kb_handler_tick(struct kb_handler *h, uint64_t now_ns)
{
	if (now_ns - h->settled_ns < SETTLE_NS && now_ns >= h->settled_ns)
		return;
	h->settled_ns = now_ns;
	for (uint32_t i = 0; i < LINES; i++) {
		struct line *const l = &h->line[i];

		/* What was open at the last settling has had its time. */
		if (l->old_next > l->settled)
			settle(h, l, l->old_next);
		l->old_next = l->next;
	}
}

void kb_handler_fini(struct kb_handler *h)
{
	if (!h)
		return;
	for (uint32_t i = 0; i < LINES; i++)
		settle(h, &h->line[i], h->line[i].next);
	free(h);
}
