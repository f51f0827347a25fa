/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_STATS_JSON_H
#define KB_STATS_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "kb/stats.h"

/*
 * One snapshot as a JSON object:
 *
 *   plane, handlerName, pid, startNs, heartbeatNs, ready, queues
 *   mode        {driver, xdp, copy, detail, iface, seccomp}: what is in force
 *   received, bytes, sent, bursts, polls, gaps, unexplained, undecided
 *   lost        {cause: n}, every cause of that class
 *   ignored     {cause: n}
 *   allowances  {bw_in: n, ...}
 *   handler     {counter: n}, the handler's own
 *   latencyNs   {receive, oneway, handler}, each
 *               {count, p50, p90, p99, p999, max, over, negative}
 *   histograms  with `histograms`: {receive, oneway, handler}, each [[lowNs, highNs, count], ...]
 *   perQueue    [{received, bytes, sent, bursts, polls, gaps, lost, ignored, latencyNs}], causes
 *               that are not 0
 */
void kb_stats_json(FILE *to, const struct kb_stats *stats, bool histograms);

#endif
