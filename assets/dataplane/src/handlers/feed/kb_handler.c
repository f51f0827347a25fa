// SPDX-License-Identifier: Apache-2.0
/*
 * feed: a sequenced feed on one or more redundant lines. Counts what is missing, duplicated,
 * reordered or late, and what each line would have lost alone; the first copy of each message wins.
 * A datagram of another session, or with a number a million away, is taken for the feed's only when
 * the next one of its line goes on from it. Then it is a reset, or a gap; else it is `not_feed`, as
 * is what is no message of the format at all.
 *
 * Arguments (KB_HANDLER_ARGS):
 *   format=kb          kb-gen's messages: sequence, line and send stamp (default)
 *   format=moldudp64   session, sequence and message count as in MoldUDP64
 *   format=raw         seq=OFFSET:BYTES:be|le says where the sequence number is (BYTES 4 or 8)
 *   lines=PORT,PORT    the line is the destination port (default: kb's own field, else one line)
 *   reorder-us=N       how long a missing number is waited for, default 1000
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kb/error.h"
#include "kb/handler.h"
#include "kb/msg.h"
#include "kb/parse.h"
#include "kb/stats.h"
#include "numbering.h"

enum format { FORMAT_KB, FORMAT_MOLD, FORMAT_RAW };

enum counter {
	C_UNIQUE,
	C_REDUNDANT,
	C_DUPLICATE,
	C_REORDERED,
	C_LATE,
	C_SAVED,
	C_RESETS,
	C_NOT_FEED,
	C_LINE_A_LOST,
	C_LINE_B_LOST,
	C_LINE_C_LOST,
	C_LINE_D_LOST,
};

const struct kb_handler_info kb_handler_info = {
	.abi = KB_HANDLER_ABI,
	.name = "feed",
	.counters = {"unique", "redundant", "duplicate", "reordered", "late", "saved", "resets",
		     "not_feed", "line_a_lost", "line_b_lost", "line_c_lost", "line_d_lost", NULL},
};

#define likely(x) __builtin_expect(x, 1)

/* Consecutive numbers on one line: what the datagrams of a burst nearly always are. */
struct run {
	uint64_t first;
	uint64_t next;
	uint64_t head; /* what the line's messages begin with: 8 bytes, or with the tail 10 */
	uint16_t tail;
	uint16_t port; /* where they go; 0: there is no run */
	uint32_t line;
};

struct kb_handler {
	struct kb_handler_env env;
	enum format format;
	uint32_t seq_offset;
	uint32_t seq_bytes;
	bool seq_big_endian;
	uint32_t ports;
	uint16_t port[KB_SEQ_LINES];
	uint64_t reorder_ns;
	uint64_t moved_ns; /* when the window last moved or was settled */
	uint64_t moved_next;
	struct run run; /* the last one: the next burst may go on with it */
	struct kb_seq_window window;
	struct kb_numbering numbering;
};

/*
 * MoldUDP64: 10 bytes of session, the same on all lines of a feed, then the sequence number and the
 * number of messages.
 */
#define MOLD_SEQ_OFFSET	    10u
#define MOLD_COUNT_OFFSET   18u
#define MOLD_HEADER	    20u
#define MOLD_END_OF_SESSION 0xffffu

static inline uint64_t load_be(const uint8_t *p, uint32_t bytes)
{
	return bytes == 4 ? be32toh(kb_load_raw32(p)) : be64toh(kb_load_raw64(p));
}

static inline uint64_t load_le(const uint8_t *p, uint32_t bytes)
{
	return bytes == 4 ? le32toh(kb_load_raw32(p)) : le64toh(kb_load_raw64(p));
}

/* The line a datagram came in on, by port; KB_SEQ_LINES when it is none of them. */
static uint32_t line_of_port(const struct kb_handler *h, uint16_t port)
{
	if (h->ports == 0)
		return 0;
	uint32_t line = 0;
	while (line < h->ports && h->port[line] != port)
		line++;
	return line < h->ports ? line : KB_SEQ_LINES;
}

static void end_run(struct kb_handler *h, const struct run *run)
{
	if (run->next != run->first)
		kb_seq_see_run(&h->window, run->first, (uint32_t)(run->next - run->first),
			       run->line);
}

/* At the end of a burst: its numbers are counted, and the next burst may go on from here. */
static void keep_run(struct kb_handler *h, const struct run *run)
{
	end_run(h, run);
	h->run = *run;
	h->run.first = run->next;
}

/*
 * A datagram that does not continue the run begins another one, if its numbers are the feed's. If
 * not, there is no run, so that the next datagram of any line is seen to decide about this one.
 */
static inline bool __attribute__((always_inline))
begin_run(struct kb_handler *h, struct run *run, const struct kb_pkt *p, uint32_t line,
	  struct kb_session session, uint64_t first, uint32_t n)
{
	end_run(h, run);
	if (!kb_numbering_takes(&h->numbering, &h->window, session, first, n, line)) {
		*run = (struct run){0};
		return false;
	}
	*run = (struct run){.first = first,
			    .next = first + n,
			    .head = session.head,
			    .tail = session.tail,
			    .port = p->dst_port,
			    .line = line};
	return true;
}

/* The same for kb-gen's messages. Returns whether it is one of the feed's, as far as is known. */
static bool __attribute__((noinline))
begin_kb_run(struct kb_handler *h, const struct kb_pkt *p, struct run *run)
{
	if (p->len < KB_MSG_MIN)
		goto stray;
	const struct kb_msg msg = kb_msg_load(p->payload);
	const uint32_t line = h->ports == 0 ? msg.line : line_of_port(h, p->dst_port);
	if (msg.magic != KB_MSG_MAGIC || line >= KB_SEQ_LINES || msg.seq >= KB_SEQ_END)
		goto stray;
	if (!begin_run(h, run, p, line, (struct kb_session){0}, msg.seq, 1))
		return false;
	run->head = kb_msg_head(p->payload);
	return true;
stray:
	h->numbering.strays++;
	return false;
}

/* Messages at p that continue the run, until `end`. Returns the first that does not. */
static inline const struct kb_pkt *follow(struct run *run, const struct kb_pkt *p,
					  const struct kb_pkt *end, uint64_t now_ns,
					  struct kb_hist_run *oneway)
{
	/* Copies, which stay in registers: whoever is given `run` could change it. */
	const uint64_t head = run->head;
	const uint32_t port = run->port;
	uint64_t next = run->next;

	for (; p < end; p++, next++) {
		if (!likely(p->len >= KB_MSG_MIN && kb_msg_head(p->payload) == head &&
			    kb_msg_seq(p->payload) == next && p->dst_port == port))
			break;
		kb_hist_run_add(oneway, (int64_t)(now_ns - kb_msg_scheduled_ns(p->payload)));
	}
	run->next = next;
	return p;
}

static void on_kb(struct kb_handler *h, const struct kb_pkt *v, uint32_t n, uint64_t now_ns)
{
	const struct kb_pkt *const end = v + n;
	struct kb_hist_run oneway = {.hist = h->env.oneway};
	struct run run = h->run;

	for (const struct kb_pkt *p = v; (p = follow(&run, p, end, now_ns, &oneway)) < end; p++)
		if (begin_kb_run(h, p, &run))
			kb_hist_run_add(&oneway,
					(int64_t)(now_ns - kb_msg_scheduled_ns(p->payload)));
	keep_run(h, &run);
	kb_hist_run_end(&oneway);
}

static inline bool continues(const struct run *run, const struct kb_pkt *p, uint64_t first)
{
	return first == run->next && p->dst_port == run->port;
}

/* Numbers first, first + 1, ... first + n - 1 of a format that says nothing of lines. */
static void __attribute__((noinline))
begin_numbers(struct kb_handler *h, struct run *run, const struct kb_pkt *p,
	      struct kb_session session, uint64_t first, uint32_t n)
{
	const uint32_t line = line_of_port(h, p->dst_port);

	if (line < KB_SEQ_LINES && first < KB_SEQ_END)
		begin_run(h, run, p, line, session, first, n);
	else
		h->numbering.strays++;
}

static void on_mold(struct kb_handler *h, const struct kb_pkt *v, uint32_t n)
{
	struct run run = h->run;

	for (const struct kb_pkt *p = v; p < v + n; p++) {
		if (!likely(p->len >= MOLD_HEADER)) {
			h->numbering.strays++;
			continue;
		}
		const uint32_t messages = kb_load_be16(p->payload + MOLD_COUNT_OFFSET);
		const uint64_t first = load_be(p->payload + MOLD_SEQ_OFFSET, 8);
		const struct kb_session session = {
			.head = kb_load_raw64(p->payload),
			.tail = kb_load_be16(p->payload + sizeof(session.head)),
		};
		/* A heartbeat (no message) announces the next number and has none of its own. */
		if (!likely(messages != 0 && messages != MOLD_END_OF_SESSION))
			continue;
		if (likely(continues(&run, p, first) && session.head == run.head &&
			   session.tail == run.tail))
			run.next += messages;
		else
			begin_numbers(h, &run, p, session, first, messages);
	}
	keep_run(h, &run);
}

static void on_raw(struct kb_handler *h, const struct kb_pkt *v, uint32_t n)
{
	struct run run = h->run;

	for (const struct kb_pkt *p = v; p < v + n; p++) {
		if (!likely(p->len >= h->seq_offset + h->seq_bytes)) {
			h->numbering.strays++;
			continue;
		}
		const uint8_t *const at = p->payload + h->seq_offset;
		const uint64_t first =
			h->seq_big_endian ? load_be(at, h->seq_bytes) : load_le(at, h->seq_bytes);
		if (likely(continues(&run, p, first)))
			run.next++;
		else
			begin_numbers(h, &run, p, (struct kb_session){0}, first, 1);
	}
	keep_run(h, &run);
}

/* Once a burst, not once a packet: the page is shared memory. */
static void publish(struct kb_handler *h)
{
	const struct kb_seq_counts *const c = &h->window.counts;
	uint64_t *const out = h->env.counters;

	kb_stat_set(h->env.gaps, c->missing);
	kb_stat_set(&out[C_UNIQUE], c->unique);
	kb_stat_set(&out[C_REDUNDANT], c->redundant);
	kb_stat_set(&out[C_DUPLICATE], c->duplicate);
	kb_stat_set(&out[C_REORDERED], c->reordered);
	kb_stat_set(&out[C_LATE], c->late);
	kb_stat_set(&out[C_SAVED], c->saved);
	kb_stat_set(&out[C_RESETS], c->resets);
	kb_stat_set(&out[C_NOT_FEED], h->numbering.strays);
	for (uint32_t l = 0; l < KB_SEQ_LINES; l++)
		kb_stat_set(&out[C_LINE_A_LOST + l], c->line_lost[l]);
}

void kb_handler_on_burst(struct kb_handler *h, const struct kb_pkt *v, uint32_t n, uint64_t now_ns)
{
	switch (h->format) {
	case FORMAT_KB:
		on_kb(h, v, n, now_ns);
		break;
	case FORMAT_MOLD:
		on_mold(h, v, n);
		break;
	case FORMAT_RAW:
		on_raw(h, v, n);
		break;
	}
	publish(h);
}

void kb_handler_tick(struct kb_handler *h, uint64_t now_ns)
{
	/* Or the wall clock was stepped back: what is waited for has all its time again. */
	if (h->window.next != h->moved_next || now_ns < h->moved_ns) {
		h->moved_next = h->window.next;
		h->moved_ns = now_ns;
	} else if (h->window.floor < h->window.next && now_ns - h->moved_ns >= h->reorder_ns) {
		kb_seq_settle(&h->window, h->window.next);
		publish(h);
	}
}

static int parse_number(const char *text, const char *what, uint64_t min, uint64_t max,
			uint64_t *out)
{
	char *end;
	errno = 0;
	const unsigned long long v = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || v < min || v > max)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "KB_HANDLER_ARGS: '%s' must be between %llu and %llu, got '%s'",
				  what, (unsigned long long)min, (unsigned long long)max, text);
	*out = v;
	return 0;
}

static int parse_format(struct kb_handler *h, const char *args)
{
	char text[64];
	const int given = kb_handler_arg(args, "format", text, sizeof(text));
	if (given < 0)
		return -1;
	if (!given || strcmp(text, "kb") == 0) {
		h->format = FORMAT_KB;
		return 0;
	}
	if (strcmp(text, "moldudp64") == 0) {
		h->format = FORMAT_MOLD;
		return 0;
	}
	if (strcmp(text, "raw") != 0)
		return kb_err_set(
			KB_EXIT_CONFIG, 0,
			"KB_HANDLER_ARGS: 'format' must be kb, moldudp64 or raw, got '%s'", text);

	char order[4], tail;
	h->format = FORMAT_RAW;
	if (kb_handler_arg(args, "seq", text, sizeof(text)) <= 0 ||
	    sscanf(text, "%u:%u:%3[a-z]%c", &h->seq_offset, &h->seq_bytes, order, &tail) != 3 ||
	    (h->seq_bytes != 4 && h->seq_bytes != 8) || h->seq_offset > 8964 ||
	    (strcmp(order, "be") != 0 && strcmp(order, "le") != 0))
		return kb_err_set(
			KB_EXIT_CONFIG, 0,
			"KB_HANDLER_ARGS: format=raw needs 'seq=OFFSET:BYTES:be|le' with BYTES 4 "
			"or 8 and OFFSET up to 8964, for example seq=8:8:be");
	h->seq_big_endian = strcmp(order, "be") == 0;
	return 0;
}

static int parse_lines(struct kb_handler *h, const char *args)
{
	char text[64];
	const int given = kb_handler_arg(args, "lines", text, sizeof(text));
	if (given <= 0)
		return given;
	char *rest = text;
	for (char *port = strsep(&rest, ","); port != NULL; port = strsep(&rest, ",")) {
		uint64_t number = 0;
		if (h->ports == KB_SEQ_LINES)
			return kb_err_set(KB_EXIT_CONFIG, 0,
					  "KB_HANDLER_ARGS: 'lines' takes at most %u ports",
					  KB_SEQ_LINES);
		if (parse_number(port, "lines", 1, 65535, &number) != 0)
			return -1;
		h->port[h->ports++] = (uint16_t)number;
	}
	/* Each queue follows what it receives: a line in another queue would be a line that is
	 * silent. */
	if (h->ports > 1 && h->env.queues > 1)
		return kb_err_set(
			KB_EXIT_CONFIG, 0,
			"KB_HANDLER_ARGS: 'lines' are arbitrated in one queue, and KB_QUEUES is "
			"%u: set it to 1",
			h->env.queues);
	return 0;
}

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	/* Cache-line aligned: each queue's state is its own thread's. */
	struct kb_handler *h = aligned_alloc(64, (sizeof(*h) + 63) & ~63ul);
	if (h == NULL)
		return kb_err_set(KB_EXIT_RETRY, errno, "feed handler");
	memset(h, 0, sizeof(*h));
	h->env = *env;

	uint64_t reorder_us = 1000;
	char text[32];
	const int given = kb_handler_arg(env->args, "reorder-us", text, sizeof(text));
	if (given < 0 ||
	    (given && parse_number(text, "reorder-us", 0, 10000000, &reorder_us) != 0) ||
	    parse_format(h, env->args) != 0 || parse_lines(h, env->args) != 0) {
		free(h);
		return -1;
	}
	h->reorder_ns = reorder_us * 1000;
	*out = h;
	return 0;
}

void kb_handler_fini(struct kb_handler *h)
{
	if (h == NULL)
		return;
	kb_numbering_end(&h->numbering, &h->window);
	kb_seq_settle(&h->window, h->window.next);
	publish(h);
	free(h);
}
