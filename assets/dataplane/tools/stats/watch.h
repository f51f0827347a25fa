/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_STATS_WATCH_H
#define KB_STATS_WATCH_H

/* Prints one line a second until interrupted. Returns 0, or -1 with kb_err. */
int kb_stats_watch(const char *path);

#endif
