/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_SEQ_WINDOW_H
#define KB_SEQ_WINDOW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Which sequence numbers of one feed have been seen, on any line and on each line, within a window
 * of recent numbers. Arrivals set bits; a word of 64 numbers is judged once, when it leaves the
 * window or when nothing has moved for the reorder time-out. Cost per arrival: two bit tests.
 */
#define KB_SEQ_WORDS 64u /* window of 4096 numbers: 40 ms at 100,000 messages/s */
#define KB_SEQ_LINES 4u

struct kb_seq_counts {
	uint64_t unique;		  /* numbers seen at least once */
	uint64_t redundant;		  /* seen again, on another line */
	uint64_t duplicate;		  /* seen again, on the same line */
	uint64_t reordered;		  /* first seen after a higher number */
	uint64_t late;			  /* first seen after it had been given up as missing */
	uint64_t missing;		  /* given up: on no line */
	uint64_t saved;			  /* missing on at least one line, seen on another */
	uint64_t resets;		  /* the feed started over */
	uint64_t line_lost[KB_SEQ_LINES]; /* given up on that line */
};

struct kb_seq_window {
	uint64_t floor; /* every number below has been judged */
	uint64_t next;	/* highest number seen, plus one */
	uint32_t lines; /* lines seen so far, as a bit set */
	bool started;
	uint64_t any[KB_SEQ_WORDS];
	uint64_t line[KB_SEQ_LINES][KB_SEQ_WORDS];
	uint64_t line_start[KB_SEQ_LINES]; /* a line owes nothing before its first number */
	struct kb_seq_counts counts;
};

/* Judges every number below `until` (at most `next`) that has not been judged. */
void kb_seq_settle(struct kb_seq_window *w, uint64_t until);

/* The slow half of kb_seq_see: first number, the window moves, or a number below the floor. */
void kb_seq_see_slow(struct kb_seq_window *w, uint64_t seq, uint32_t line);

static inline uint32_t kb_seq_slot(uint64_t seq)
{
	return (uint32_t)(seq / 64u) % KB_SEQ_WORDS;
}

/* seq has arrived on line (below KB_SEQ_LINES). */
static inline void kb_seq_see(struct kb_seq_window *w, uint64_t seq, uint32_t line)
{
	const uint64_t bit = 1ull << (seq % 64u);
	const uint32_t slot = kb_seq_slot(seq);

	/* The one case that matters for speed: the next number, in a word already in the window. */
	if (__builtin_expect(seq == w->next && seq % 64u != 0 && (w->lines >> line & 1u), 1)) {
		w->next = seq + 1;
		w->any[slot] |= bit;
		w->line[line][slot] |= bit;
		w->counts.unique++;
		return;
	}
	kb_seq_see_slow(w, seq, line);
}

#endif
