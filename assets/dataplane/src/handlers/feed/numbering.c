// SPDX-License-Identifier: Apache-2.0
#include "numbering.h"

/*
 * A line may still bring the session that ended on another; if it is further behind than the window
 * reaches, that session has not ended, and it was the other that was none.
 */
#define STRAGGLERS KB_SEQ_WINDOW

static bool same(struct kb_session a, struct kb_session b)
{
	return a.head == b.head && a.tail == b.tail;
}

/* Some may be lost just then, so the next number need not be the very next. */
static bool goes_on(const struct kb_held *held, struct kb_session session, uint64_t first)
{
	return same(session, held->session) && first - (held->first + held->n) < KB_SEQ_WINDOW;
}

static void follow(struct kb_numbering *m, struct kb_seq_window *w, const struct kb_held *held,
		   uint32_t line)
{
	if (!same(held->session, m->session)) {
		m->ended = m->session;
		m->has_ended = true;
		m->stragglers = 0;
		m->session = held->session;
		kb_seq_restart(w);
	}
	kb_seq_see_run(w, held->first, held->n, line);
}

/* What the line holds is settled by what it sends next, whatever that is. */
static void release(struct kb_numbering *m, struct kb_seq_window *w, uint32_t line, bool confirmed)
{
	struct kb_held *const held = &m->held[line];

	/* Unconfirmed by its own line, but meanwhile the feed has gone there on another. */
	if (confirmed || kb_numbering_fits(m, w, held->session, held->first))
		follow(m, w, held, line);
	else
		m->strays++;
	held->n = 0;
}

bool kb_numbering_judge(struct kb_numbering *m, struct kb_seq_window *w, struct kb_session session,
			uint64_t first, uint32_t n, uint32_t line)
{
	struct kb_held *const held = &m->held[line];

	if (!w->started) {
		m->session = session;
		return true;
	}
	if (held->n != 0)
		release(m, w, line, goes_on(held, session, first));
	if (kb_numbering_fits(m, w, session, first)) {
		m->stragglers = 0;
		return true;
	}
	if (m->has_ended && same(session, m->ended) && m->stragglers < STRAGGLERS) {
		m->stragglers++;
		m->strays++;
		return false;
	}
	*held = (struct kb_held){.session = session, .first = first, .n = n};
	return false;
}

void kb_numbering_end(struct kb_numbering *m, struct kb_seq_window *w)
{
	for (uint32_t line = 0; line < KB_SEQ_LINES; line++)
		if (m->held[line].n != 0)
			release(m, w, line, false);
}
