/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_STATS_PROMETHEUS_H
#define KB_STATS_PROMETHEUS_H

#include <stdint.h>
#include <stdio.h>

#include "kb/config.h"
#include "kb/stats.h"

/* Listens on 127.0.0.1:port, and nowhere else. Returns the descriptor, or -1 with kb_err. */
int kb_prometheus_listen(uint16_t port);

/* Answers one waiting connection. page is NULL while there is none. */
void kb_prometheus_answer(int listener, const struct kb_stats *page, const struct kb_config *cfg);

/* The text exposition format, counters since the receiver started. */
void kb_prometheus_print(FILE *to, const struct kb_stats *page, const struct kb_config *cfg,
			 uint64_t now_ns);

#endif
