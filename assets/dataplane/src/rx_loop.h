/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_RX_LOOP_H
#define KB_RX_LOOP_H

#include <stdatomic.h>

#include "kb/backend.h"
#include "kb/handler.h"

struct kb_rx_loop {
	struct kb_queue *queue;
	struct kb_handler *handler;
	struct kb_queue_stats *stats;
	struct kb_pkt *burst; /* room for burst_max */
	uint32_t burst_max;
	uint32_t idle_polls; /* empty polls between two looks at the clock */
	const atomic_bool *stop;
};

/* Receives until *stop, then drains what has already arrived. */
void kb_rx_loop(const struct kb_rx_loop *loop);

#endif
