// SPDX-License-Identifier: Apache-2.0
/*
 * The send loop. It waits by spinning: a sleeping timer is off by tens of microseconds, which is
 * what is to be measured. It allocates nothing and makes no system call of its own.
 */
#include "pace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kb/clock.h"
#include "kb/error.h"
#include "kb/msg.h"
#include "loss.h"
#include "replay.h"

#define BATCH	64u	    /* datagrams handed over together when they are late or due together */
#define LEAD_NS 10000000ull /* from here to the first message: all are scheduled alike */
/* The loop comes round sooner, unless the thread was kept from running: no fault of the sender's.
 */
#define AWAY_NS 10000000ull

struct kb_pace {
	const struct kb_gen_options *o;
	struct kb_sender *sender;
	struct kb_arrivals arrivals;
	struct kb_loss loss;
	uint64_t real_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC when the run began */
	uint64_t seq;	      /* next message */
	uint64_t next_ns;     /* when it is due, CLOCK_MONOTONIC */
	uint64_t end_ns;      /* planned, of the run */
	uint64_t looked_ns;   /* at the clock, after that */
	uint64_t over_ns;     /* since the planned end, without the time that the thread was away */
	/* Datagrams due and not yet taken: [head, tail) of the arrays. */
	uint32_t head;
	uint32_t tail;
	struct kb_tx tx[BATCH];
	uint16_t flow[BATCH];
	uint64_t due_ns[BATCH];
	uint8_t payload[];
};

int kb_pace_open(struct kb_pace **out, const struct kb_gen_options *o, struct kb_sender *s)
{
	struct kb_pace *const p = calloc(1, sizeof(*p) + (size_t)BATCH * o->size);
	*out = p;
	if (!p)
		return kb_err_set(KB_EXIT_RETRY, errno, "memory for %u messages", BATCH);
	p->o = o;
	p->sender = s;
	/* Padding that is not zero: a receiver that reads the wrong bytes should show it. */
	for (size_t i = 0; i < (size_t)BATCH * o->size; i++)
		p->payload[i] = (uint8_t)i;
	kb_arrivals_init(&p->arrivals, o->arrivals, o->rate, o->burst, o->seed);
	kb_loss_init(&p->loss, o);
	return 0;
}

void kb_pace_close(struct kb_pace *p)
{
	free(p);
}

/* The offset of the two clocks, from the reading that was interrupted least. */
static uint64_t real_offset(void)
{
	uint64_t best = UINT64_MAX;
	uint64_t offset = 0;
	for (int i = 0; i < 16; i++) {
		const uint64_t before = kb_clock_ns(CLOCK_MONOTONIC);
		const uint64_t real = kb_now_ns();
		const uint64_t took = kb_clock_ns(CLOCK_MONOTONIC) - before;
		if (took < best) {
			best = took;
			offset = real - before - took / 2;
		}
	}
	return offset;
}

/* When message p->seq is due, after the first; the messages are asked for in order, once each. */
static uint64_t arrival_ns(struct kb_pace *p)
{
	if (!p->o->original_pace)
		return kb_arrivals_next(&p->arrivals);
	const struct kb_replay *const replay = p->o->replay;
	return replay->datagram[p->seq < replay->n ? p->seq : replay->n - 1].at_ns;
}

static uint64_t duration_ns(const struct kb_gen_options *o)
{
	return o->original_pace ? o->replay->datagram[o->replay->n - 1].at_ns
				: kb_arrivals_ns(o->count, o->rate);
}

/* Our own message, stamped with the time it is due. */
static void stamp(const struct kb_pace *p, uint8_t *payload, uint32_t flow, uint32_t line)
{
	const struct kb_msg msg = {
		.magic = KB_MSG_MAGIC,
		.line = (uint16_t)(flow * p->o->lines + line),
		.seq = p->seq / p->o->flows,
		.scheduled_ns = p->next_ns + p->real_offset,
	};
	memcpy(payload, &msg, sizeof(msg));
}

static void fill(struct kb_pace *p, uint32_t slot, uint32_t line)
{
	const struct kb_gen_options *const o = p->o;
	/* A receiver's queue sees some flows and not others: each is numbered for itself. */
	const uint32_t flow = (uint32_t)(p->seq % o->flows);
	const struct kb_endpoint *const to = &o->to[line % o->n_to];
	uint8_t *const payload = p->payload + (size_t)slot * o->size;
	p->tx[slot] = (struct kb_tx){
		.payload = payload,
		.dst_addr = to->addr,
		.dst_port = to->port,
		.src_port = (uint16_t)(o->from_port + flow),
		.len = (uint16_t)o->size,
	};
	if (o->replay) {
		p->tx[slot].payload = o->replay->datagram[p->seq].payload;
		p->tx[slot].len = o->replay->datagram[p->seq].len;
	} else {
		stamp(p, payload, flow, line);
	}
	p->flow[slot] = (uint16_t)(line * o->flows + flow);
	p->due_ns[slot] = p->next_ns;
}

/* The lines that do not carry the next message; counts them. */
static uint32_t withhold(struct kb_pace *p, struct kb_gen_result *r)
{
	const struct kb_gen_options *const o = p->o;
	const uint32_t drawn = kb_loss_next(&p->loss);

	if (!drawn || p->seq < o->flows || p->seq + o->flows >= o->count)
		return 0;
	for (uint32_t line = 0; line < o->lines; line++)
		r->withheld[line] += drawn >> line & 1;
	r->withheld_all += drawn == (1u << o->lines) - 1;
	return drawn;
}

/* One message more whose time has come. */
static void schedule_next(struct kb_pace *p, struct kb_gen_result *r, uint32_t withheld)
{
	const uint32_t copies = p->o->lines - (uint32_t)__builtin_popcount(withheld);

	p->seq++;
	p->next_ns = r->start_ns + arrival_ns(p);
	__atomic_store_n(&r->due, r->due + copies, __ATOMIC_RELAXED);
}

/* Takes messages that are due into the batch as long as there is room for all their lines. */
static void collect(struct kb_pace *p, struct kb_gen_result *r, uint64_t now)
{
	if (p->head == p->tail)
		p->head = p->tail = 0;
	while (p->seq < p->o->count && p->next_ns <= now && p->tail + p->o->lines <= BATCH) {
		const uint32_t withheld = withhold(p, r);
		for (uint32_t line = 0; line < p->o->lines; line++)
			if (!(withheld >> line & 1))
				fill(p, p->tail++, line);
		schedule_next(p, r, withheld);
	}
}

static void hand_over(struct kb_pace *p, struct kb_gen_result *r)
{
	const uint32_t offered = p->tail - p->head;
	const uint32_t taken =
		kb_sender_send(p->sender, p->tx + p->head, p->flow + p->head, offered);
	if (taken < offered)
		r->deferred++;
	if (taken == 0)
		return;
	r->end_ns = kb_clock_ns(CLOCK_MONOTONIC);
	for (uint32_t i = p->head; i < p->head + taken; i++) {
		kb_hist_record(&r->error, (int64_t)(r->end_ns - p->due_ns[i]));
		r->bytes += p->tx[i].len;
	}
	p->head += taken;
	__atomic_store_n(&r->sent, r->sent + taken, __ATOMIC_RELAXED);
}

static uint64_t look(struct kb_pace *p)
{
	const uint64_t now = kb_clock_ns(CLOCK_MONOTONIC);

	if (now > p->end_ns) {
		const uint64_t passed = now - p->looked_ns;
		p->over_ns += passed < AWAY_NS ? passed : AWAY_NS;
		p->looked_ns = now;
	}
	return now;
}

/* Past the planned end, and what is offered has been due for the whole grace period. */
static bool hopeless(const struct kb_pace *p, uint64_t now)
{
	return p->over_ns > KB_GEN_GRACE_NS && now - p->due_ns[p->head] > KB_GEN_GRACE_NS;
}

/* What would have been offered by now had the sender kept up. */
static void count_due(struct kb_pace *p, struct kb_gen_result *r, uint64_t now)
{
	while (p->seq < p->o->count && p->next_ns <= now)
		schedule_next(p, r, withhold(p, r));
}

void kb_pace_run(struct kb_pace *p, struct kb_gen_result *r, const atomic_bool *stop)
{
	p->real_offset = real_offset();
	r->start_ns = kb_clock_ns(CLOCK_MONOTONIC) + LEAD_NS;
	r->end_ns = r->start_ns;
	p->next_ns = r->start_ns + arrival_ns(p);
	p->end_ns = r->start_ns + duration_ns(p->o);
	p->looked_ns = p->end_ns;

	while (!atomic_load_explicit(stop, memory_order_relaxed)) {
		const uint64_t now = look(p);
		collect(p, r, now);
		if (p->head < p->tail) {
			if (hopeless(p, now))
				break;
			hand_over(p, r);
		} else if (p->seq < p->o->count) {
			kb_sender_idle(p->sender);
		} else {
			break;
		}
	}
	count_due(p, r, kb_clock_ns(CLOCK_MONOTONIC));
}
