/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_REPORT_H
#define KB_REPORT_H

#include <stdio.h>
#include "kb/stats.h"

/* One screen: what was delivered, what was lost and why, how fast. */
void kb_report(FILE *to, const struct kb_stats *stats);

#endif
