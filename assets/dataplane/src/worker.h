/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_WORKER_H
#define KB_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "kb/backend.h"
#include "kb/config.h"
#include "kb/stats.h"

/* The queues' threads: one pinned thread each, with the handler's state of that queue. */
struct kb_workers;

/* Starts every queue's thread. Returns 0, or -1 with kb_err and no thread left running. */
int kb_workers_start(struct kb_workers **out, const struct kb_config *cfg, struct kb_backend *be,
		     struct kb_stats *stats);

/* 0 while all is well; -1 with kb_err when a thread could not start its handler or its queue. */
int kb_workers_check(struct kb_workers *w);

/* Whether every queue has polled since the last call that returned true. */
bool kb_workers_alive(struct kb_workers *w);

/*
 * Lets every thread drain its queue and end, and waits for it; NULL is allowed. Returns 0, or -1
 * with kb_err when one is still in its handler after KB_STOP_SECONDS: nothing may be freed then
 * that it uses, and a further call goes on waiting.
 */
#define KB_STOP_SECONDS 5
int kb_workers_stop(struct kb_workers *w);

#endif
