// SPDX-License-Identifier: Apache-2.0
#include "xdp_ledger.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kb/bpf.h"
#include "kb/error.h"
#include "kb/stats.h"

struct kb_xdp_ledger {
	const char *iface;
	int ifindex;
	struct kb_filter_status status; /* at the last look */
};

/* `exit`: before a start the filter is a matter of configuration, later of somebody's doing. */
static int look(struct kb_filter_status *out, const struct kb_xdp_ledger *l, enum kb_exit exit)
{
	if (kb_filter_status(out, l->ifindex))
		return -1;
	if (!out->ours)
		return kb_err_set(exit, 0,
				  "the XDP filter is not attached to %s: kb-xdp attaches it",
				  l->iface);
	return 0;
}

int kb_xdp_ledger_open(struct kb_xdp_ledger **out, const char *iface, int ifindex)
{
	struct kb_xdp_ledger *const l = calloc(1, sizeof(*l));

	if (!l)
		return kb_err_set(KB_EXIT_RETRY, errno, "allocate XDP ledger");
	l->iface = iface;
	l->ifindex = ifindex;
	if (look(&l->status, l, KB_EXIT_CONFIG)) {
		free(l);
		return -1;
	}
	*out = l;
	return 0;
}

const char *kb_xdp_ledger_mode(const struct kb_xdp_ledger *l)
{
	return kb_xdp_mode(&l->status.xdp);
}

/* A filter that was replaced counts from 0 again. */
static bool is_continued(const struct kb_filter_counts *now, const struct kb_filter_counts *last)
{
	for (uint32_t v = 0; v < KB_VERDICTS; v++)
		if (now->verdict[v] < last->verdict[v])
			return false;
	return true;
}

int kb_xdp_ledger_read(struct kb_xdp_ledger *l, uint64_t *cause)
{
	static const struct kb_filter_counts none;
	uint64_t growth[KB_CAUSES] = {0};
	struct kb_filter_status now;

	if (look(&now, l, KB_EXIT_RETRY))
		return -1;
	kb_counts_book(growth, &now.counts,
		       is_continued(&now.counts, &l->status.counts) ? &l->status.counts : &none);
	for (uint32_t c = 0; c < KB_CAUSES; c++)
		kb_stat_add(&cause[c], growth[c]);
	l->status = now;
	return 0;
}

void kb_xdp_ledger_close(struct kb_xdp_ledger *l)
{
	free(l);
}
