/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_GEN_PACE_H
#define KB_GEN_PACE_H

#include <stdatomic.h>

#include "kb/hist.h"
#include "options.h"
#include "sender.h"

/*
 * How late a message may be when the schedule has ended, before the run gives up on the rest. Time
 * in which the sending thread did not run does not count: that the machine was busy is no refusal.
 */
#define KB_GEN_GRACE_NS 1000000000ull

/* What a run did. Counts are of datagrams: messages times lines, less those withheld. */
struct kb_gen_result {
	uint64_t due;			     /* whose time had come */
	uint64_t sent;			     /* taken by the sender, those refused included */
	uint64_t withheld[KB_GEN_MAX_LINES]; /* never sent on purpose, so never due either */
	uint64_t withheld_all;		     /* messages that no line carried */
	uint64_t bytes;			     /* payload bytes taken */
	uint64_t deferred;		     /* times the sender took less than it was given */
	uint64_t start_ns;		     /* CLOCK_MONOTONIC: when the first was due */
	uint64_t end_ns;		     /* when the last was taken */
	struct kb_hist error;		     /* ns from due to taken */
};

struct kb_pace;

/* Allocates everything the loop needs. Returns 0, or -1 with kb_err. */
int kb_pace_open(struct kb_pace **out, const struct kb_gen_options *o, struct kb_sender *s);

/*
 * The open loop: hands each message over when it is due, or at once if that is past. A message the
 * sender does not take is offered again; its stamp stays the time it was due. Ends when all are
 * taken, when *stop is set, or when the schedule is over and the sender is KB_GEN_GRACE_NS behind.
 * The first and the last message of each flow are never withheld: without them a receiver could not
 * know that something is missing.
 */
void kb_pace_run(struct kb_pace *p, struct kb_gen_result *r, const atomic_bool *stop);

void kb_pace_close(struct kb_pace *p);

#endif
