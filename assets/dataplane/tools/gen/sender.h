/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_GEN_SENDER_H
#define KB_GEN_SENDER_H

#include "kb/pkt.h"
#include "options.h"

/*
 * How kb-gen gets datagrams out. One file implements it, chosen when linking: sockets
 * (sender_kernel.c) or a receiver's back-end (sender_backend.c).
 *
 * Threads: open, housekeep and close run on the main thread; the rest on the sending thread.
 */
struct kb_sender;

struct kb_sender_info {
	const char *program;
	uint32_t wants; /* enum kb_gen_wants */
};
extern const struct kb_sender_info kb_sender_info;

/* Returns 0, or -1 with the reason in kb_err. `o` outlives the sender. */
int kb_sender_open(struct kb_sender **out, const struct kb_gen_options *o);

/* Before the first send. Returns 0, or -1 with kb_err. */
int kb_sender_attach(struct kb_sender *s);

/*
 * Hands over up to n datagrams; returns how many were taken, in order. flow[i] is the flow of v[i]:
 * line * o->flows + source port index.
 */
uint32_t kb_sender_send(struct kb_sender *s, const struct kb_tx *v, const uint16_t *flow,
			uint32_t n);

/* Nothing is due: whatever else the port needs. Takes well under a microsecond. */
void kb_sender_idle(struct kb_sender *s);

/* After the last send: returns when what was taken has left this process. */
void kb_sender_drain(struct kb_sender *s);

/* Of those taken, how many can never go out (too long, no next hop). */
uint64_t kb_sender_refused(const struct kb_sender *s);

/* Malformed frames taken, by kind (enum kb_malformed_kind); NULL from a sender that sends none. */
const uint64_t *kb_sender_malformed(const struct kb_sender *s);

/* The driver in use, as the system names it. */
const char *kb_sender_driver(const struct kb_sender *s);

/* About every 100 ms. Returns 0, or -1 with kb_err when the port is gone. */
int kb_sender_housekeep(struct kb_sender *s);

/* NULL is allowed. */
void kb_sender_close(struct kb_sender *s);

#endif
