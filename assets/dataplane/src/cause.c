// SPDX-License-Identifier: Apache-2.0
#include "kb/stats.h"

const struct kb_cause_info kb_causes[KB_CAUSES] = {
#define KB_CAUSE(symbol, name, class, meaning) {name, KB_CLASS_##class, meaning},
#include "kb/causes.def"
#undef KB_CAUSE
};

const char *const kb_allowances[KB_ALLOWANCES] = {"bw_in", "bw_out", "pps", "conntrack",
						  "linklocal"};
