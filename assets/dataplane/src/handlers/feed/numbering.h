/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_NUMBERING_H
#define KB_NUMBERING_H

#include "seq_window.h"

/*
 * Which numbers are the feed's. A datagram of another session, or with a number that is nowhere
 * near the others, is forged or damaged, or the first after a restart or a long silence of the
 * line: from it alone no one can tell. So it is held, and what its line sends next decides. If that
 * goes on from it, the window is told of both, and counts a gap or starts over. If not, the
 * datagram was a stray and cost the feed nothing.
 */
struct kb_session {
	uint64_t head;
	uint16_t tail;
};

struct kb_held {
	struct kb_session session;
	uint64_t first;
	uint32_t n; /* 0: the line holds nothing */
};

struct kb_numbering {
	struct kb_session session; /* of the numbers in the window; zeros in formats without */
	struct kb_session ended;   /* the one before, when has_ended */
	bool has_ended;
	uint32_t stragglers; /* datagrams of the ended session, and none of the feed's between */
	uint64_t strays; /* datagrams that were not the feed's; its user counts others here too */
	struct kb_held held[KB_SEQ_LINES];
};

static inline bool kb_numbering_fits(const struct kb_numbering *m, const struct kb_seq_window *w,
				     struct kb_session session, uint64_t first)
{
	return session.head == m->session.head && session.tail == m->session.tail &&
	       kb_seq_is_near(w, first);
}

/* Any case of kb_numbering_takes(). */
bool kb_numbering_judge(struct kb_numbering *m, struct kb_seq_window *w, struct kb_session session,
			uint64_t first, uint32_t n, uint32_t line);

/*
 * Whether the numbers first, first + 1, ... first + n - 1 of one datagram on line are the feed's:
 * the caller then tells the window. The window must have been told of all that came before.
 */
static inline bool kb_numbering_takes(struct kb_numbering *m, struct kb_seq_window *w,
				      struct kb_session session, uint64_t first, uint32_t n,
				      uint32_t line)
{
	if (__builtin_expect(kb_numbering_fits(m, w, session, first) && m->held[line].n == 0 &&
				     m->stragglers == 0,
			     1))
		return true;
	return kb_numbering_judge(m, w, session, first, n, line);
}

/* Nothing more comes: what is held is the feed's if it fits by now, and else was a stray. */
void kb_numbering_end(struct kb_numbering *m, struct kb_seq_window *w);

#endif
