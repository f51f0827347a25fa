// SPDX-License-Identifier: Apache-2.0
#include "xdp_ledger.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kb/bpf.h"
#include "kb/error.h"
#include "kb/stats.h"

struct kb_xdp_ledger {
	int ifindex;
	struct kb_filter_status status; /* at the last look */
};

int kb_xdp_ledger_open(struct kb_xdp_ledger **out, const char *iface, int ifindex)
{
	struct kb_xdp_ledger *const l = calloc(1, sizeof(*l));

	if (!l)
		return kb_err_set(KB_EXIT_RETRY, errno, "allocate XDP ledger");
	l->ifindex = ifindex;
	if (kb_filter_status(&l->status, ifindex))
		goto undo_ledger;
	if (!l->status.ours) {
		kb_err_set(KB_EXIT_CONFIG, 0,
			   "the XDP filter is not attached to %s: kb-xdp attaches it", iface);
		goto undo_ledger;
	}
	*out = l;
	return 0;

undo_ledger:
	free(l);
	return -1;
}

/* A filter that was replaced counts from 0 again. */
static bool is_continued(const struct kb_filter_counts *now, const struct kb_filter_counts *last)
{
	for (uint32_t v = 0; v < KB_VERDICTS; v++)
		if (now->verdict[v] < last->verdict[v])
			return false;
	return true;
}

void kb_xdp_ledger_read(struct kb_xdp_ledger *l, uint64_t *cause)
{
	static const struct kb_filter_counts none;
	uint64_t growth[KB_CAUSES] = {0};
	struct kb_filter_status now;

	if (kb_filter_status(&now, l->ifindex))
		return; /* replaced under our eyes: the next look will tell */
	if (now.ours) {
		const struct kb_filter_counts *const last = &l->status.counts;

		kb_counts_book(growth, &now.counts, is_continued(&now.counts, last) ? last : &none);
	}
	for (uint32_t c = 0; c < KB_CAUSES; c++)
		kb_stat_add(&cause[c], growth[c]);
	l->status = now;
}

const char *kb_xdp_ledger_mode(const struct kb_xdp_ledger *l)
{
	return l->status.ours ? kb_xdp_mode(&l->status.xdp) : "";
}

void kb_xdp_ledger_close(struct kb_xdp_ledger *l)
{
	free(l);
}
