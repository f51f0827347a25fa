// SPDX-License-Identifier: Apache-2.0
#include "seq_window.h"

/*
 * A number that is not near and below what has been seen is a feed that started over, not a late
 * message. So are as many in a row that the leading line has sent already, while it sends nothing
 * new: a session that ended before it had come that far. A line that replays so much of itself
 * loses nothing by it.
 */
#define KB_SEQ_STALE 64u

/* And one this far above is of another numbering: at 100 Mpps it would take 40 s to lose as many.
 */
#define KB_SEQ_JUMP (1ull << 32)

/* Usually there are none, and without the instruction (x86-64-v1) counting them is a call. */
static inline uint64_t count(uint64_t bits)
{
	return bits == 0 ? 0 : (uint64_t)__builtin_popcountll(bits);
}

/* The bits of numbers [from, until) that fall into the word starting at `word_first`. */
static uint64_t range_mask(uint64_t word_first, uint64_t from, uint64_t until)
{
	uint64_t mask = ~0ull;
	if (from > word_first)
		mask &= from - word_first >= 64 ? 0 : ~0ull << (from - word_first);
	if (until < word_first + 64)
		mask &= until <= word_first ? 0 : ~0ull >> (64 - (until - word_first));
	return mask;
}

void kb_seq_settle(struct kb_seq_window *w, uint64_t until)
{
	if (until > w->next)
		until = w->next;
	while (w->floor < until) {
		const uint64_t first = w->floor & ~63ull;
		const uint64_t end = first + 64 < until ? first + 64 : until;
		const uint32_t slot = kb_seq_slot(first);
		const uint64_t mask = range_mask(first, w->floor, end);
		uint64_t lost_somewhere = 0;

		for (uint32_t l = 0; l < KB_SEQ_LINES; l++) {
			if (!(w->lines >> l & 1u))
				continue;
			const uint64_t owed = mask & range_mask(first, w->line_start[l], end);
			const uint64_t lost = owed & ~w->line[l][slot];
			w->counts.line_lost[l] += count(lost);
			lost_somewhere |= lost;
		}
		w->counts.missing += count(mask & ~w->any[slot]);
		w->counts.saved += count(lost_somewhere & w->any[slot]);
		w->floor = end;
	}
}

void kb_seq_restart(struct kb_seq_window *w)
{
	kb_seq_settle(w, w->next);
	const struct kb_seq_counts keep = w->counts;
	memset(w, 0, sizeof(*w));
	w->counts = keep;
	w->counts.resets++;
}

static void start(struct kb_seq_window *w, uint64_t seq)
{
	w->started = true;
	w->floor = seq;
	w->next = seq;
}

/* Makes room for `seq`: judges what leaves the window and clears the words that enter it. */
static void advance(struct kb_seq_window *w, uint64_t seq)
{
	const uint64_t word = seq / 64u;
	/* At the very start the current word is already clear; afterwards it holds next - 1. */
	const uint64_t held = w->next == 0 ? 0 : (w->next - 1) / 64u;
	if (word <= held)
		return;
	const uint64_t entering = word - held;
	const uint64_t until = word < KB_SEQ_WORDS ? 0 : (word - (KB_SEQ_WORDS - 1)) * 64u;
	kb_seq_settle(w, until);
	for (uint64_t i = 1; i <= entering && i <= KB_SEQ_WORDS; i++) {
		const uint32_t slot = (uint32_t)((held + i) % KB_SEQ_WORDS);
		w->any[slot] = 0;
		for (uint32_t l = 0; l < KB_SEQ_LINES; l++)
			w->line[l][slot] = 0;
	}
	/* A jump longer than the window: numbers in between were seen by nobody. */
	if (w->floor < until) {
		const uint64_t skipped = until - w->floor;
		w->counts.missing += skipped;
		for (uint32_t l = 0; l < KB_SEQ_LINES; l++)
			if (w->lines >> l & 1u && w->line_start[l] < until)
				w->counts.line_lost[l] +=
					until -
					(w->line_start[l] > w->floor ? w->line_start[l] : w->floor);
		w->floor = until;
	}
}

/* Of the bits of a word starting at `word_first`, those of numbers below `until`. */
static uint64_t below(uint64_t bits, uint64_t word_first, uint64_t until)
{
	return bits & range_mask(word_first, word_first, until);
}

/* How many more stale numbers a line may send before it has begun anew. */
static uint32_t stale_room(struct kb_seq_window *w, uint32_t line)
{
	if (w->stale_next != w->next) {
		w->stale_next = w->next;
		w->stale = 0;
	}
	return line == w->leader ? KB_SEQ_STALE - w->stale : KB_SEQ_STALE;
}

static void start_over(struct kb_seq_window *w, uint64_t seq)
{
	kb_seq_restart(w);
	start(w, seq);
}

/* A run of numbers that share a word. Returns how many of them the line had sent before. */
static uint32_t see_in_word(struct kb_seq_window *w, uint64_t first, uint32_t n, uint32_t line)
{
	const uint64_t last = first + n - 1;
	const uint64_t seen_before = w->next;

	if (last >= w->next) {
		advance(w, last);
		w->next = last + 1;
		w->leader = line;
	} else if ((w->next - 1) / 64u - last / 64u >= KB_SEQ_WORDS) {
		w->counts.late += n; /* their word has left the window; its bits are gone */
		return n;
	}

	const uint64_t word = first & ~63ull;
	const uint64_t bits = kb_seq_bits(first, n);
	uint64_t *const on_line = &w->line[line][kb_seq_slot(first)];
	uint64_t *const on_any = &w->any[kb_seq_slot(first)];
	const uint64_t fresh = bits & ~*on_line;
	const uint64_t unique = fresh & ~*on_any;
	const uint64_t behind = below(unique, word, seen_before);
	const uint64_t late = below(behind, word, w->floor);

	*on_line |= bits;
	*on_any |= bits;
	w->counts.duplicate += count(bits & ~fresh);
	w->counts.redundant += count(fresh & ~unique);
	w->counts.unique += count(unique);
	w->counts.late += count(late);
	w->counts.reordered += count(behind & ~late);
	return (uint32_t)count(bits & ~fresh);
}

void kb_seq_see_any(struct kb_seq_window *w, uint64_t first, uint32_t n, uint32_t line)
{
	if (!w->started) {
		start(w, first);
	} else if (first + KB_SEQ_NEAR < w->next || first > w->next + KB_SEQ_JUMP) {
		start_over(w, first);
	}
	if (!(w->lines >> line & 1u)) {
		w->lines |= 1u << line;
		w->line_start[line] = first;
	}
	while (n > 0) {
		const uint32_t to_word_end = 64u - (uint32_t)(first % 64u);
		const uint32_t room = stale_room(w, line);
		const uint32_t most = to_word_end < room ? to_word_end : room;
		const uint32_t here = n < most ? n : most;
		const uint32_t old = see_in_word(w, first, here, line);

		first += here;
		n -= here;
		if (line == w->leader && w->next == w->stale_next)
			w->stale += old;
		if (w->stale == KB_SEQ_STALE) {
			/* The rest of the run is of the new session, and so is what follows. */
			start_over(w, first);
			w->lines = 1u << line;
			w->line_start[line] = first;
		}
	}
}
