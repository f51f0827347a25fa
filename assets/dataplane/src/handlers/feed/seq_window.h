/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_SEQ_WINDOW_H
#define KB_SEQ_WINDOW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Which sequence numbers of one feed have been seen, on any line and on each line, within a window
 * of recent numbers. Arrivals set bits, a run of consecutive numbers a word at a time; a word of 64
 * numbers is judged once, when it leaves the window or when nothing has moved for the reorder
 * time-out.
 */
#define KB_SEQ_WORDS  64u /* window of 4096 numbers: 40 ms at 100,000 messages/s */
#define KB_SEQ_WINDOW (64u * KB_SEQ_WORDS)
#define KB_SEQ_LINES  4u
#define KB_SEQ_END    (1ull << 63) /* no feed gets there; arithmetic on numbers never overflows */

/*
 * A number further than this from the next one is no late message, nor what comes after some were
 * lost: at a million messages/s that would be the loss of a second.
 */
#define KB_SEQ_NEAR (1ull << 20)

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
	uint64_t stale_next;		   /* `next` when the stale numbers began to be counted */
	uint32_t stale;	 /* numbers in a row that the leading line had sent before */
	uint32_t leader; /* the line that brought the highest number */
	struct kb_seq_counts counts;
};

static inline bool kb_seq_is_near(const struct kb_seq_window *w, uint64_t seq)
{
	/* -NEAR to +NEAR, and what is below wraps around to far above */
	return seq + KB_SEQ_NEAR - w->next <= 2 * KB_SEQ_NEAR;
}

/* The feed starts over: what was seen is judged, and the next number is a first one. */
void kb_seq_restart(struct kb_seq_window *w);

/* Judges every number below `until` (at most `next`) that has not been judged. */
void kb_seq_settle(struct kb_seq_window *w, uint64_t until);

static inline uint32_t kb_seq_slot(uint64_t seq)
{
	return (uint32_t)(seq / 64u) % KB_SEQ_WORDS;
}

/* The bits of `n` numbers (1 to 64) from `first` on, all in one word. */
static inline uint64_t kb_seq_bits(uint64_t first, uint32_t n)
{
	return ~0ull >> (64u - n) << (first % 64u);
}

/*
 * Any run: the first number, a word that enters the window, what is not the next number. Numbers
 * must be below KB_SEQ_END.
 */
void kb_seq_see_any(struct kb_seq_window *w, uint64_t first, uint32_t n, uint32_t line);

/* The numbers first, first + 1, ... first + n - 1 have arrived on line (below KB_SEQ_LINES). */
static inline void kb_seq_see_run(struct kb_seq_window *w, uint64_t first, uint32_t n,
				  uint32_t line)
{
	/* The one case that matters for speed: the next numbers, in a word of the window. */
	if (__builtin_expect(first == w->next && first % 64u != 0 && first % 64u + n <= 64u &&
				     (w->lines >> line & 1u),
			     1)) {
		const uint64_t bits = kb_seq_bits(first, n);
		const uint32_t slot = kb_seq_slot(first);
		w->next = first + n;
		w->any[slot] |= bits;
		w->line[line][slot] |= bits;
		w->leader = line;
		w->counts.unique += n;
		return;
	}
	kb_seq_see_any(w, first, n, line);
}

static inline void kb_seq_see(struct kb_seq_window *w, uint64_t seq, uint32_t line)
{
	kb_seq_see_run(w, seq, 1, line);
}

#endif
