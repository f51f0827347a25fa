// SPDX-License-Identifier: Apache-2.0
#include "xdp_ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "kb/bpf.h"
#include "kb/error.h"
#include "kb/stats.h"

struct kb_xdp_ledger {
	const struct kb_config *cfg;
	int ifindex;
	struct kb_xdp_state xdp;      /* at the last look */
	struct kb_filter_pins pins;   /* of the filter read last */
	struct kb_filter_counts last; /* its counters then */
};

/* The receiver may not ask what a program is called, but it knows the one that is pinned. */
static bool is_filter(const struct kb_xdp_ledger *l)
{
	return l->xdp.prog_id && l->xdp.prog_id == l->pins.prog_id;
}

int kb_xdp_ledger_open(struct kb_xdp_ledger **out, const struct kb_config *cfg, int ifindex)
{
	struct kb_xdp_ledger *const l = calloc(1, sizeof(*l));

	if (!l)
		return kb_err_set(KB_EXIT_RETRY, errno, "allocate XDP ledger");
	l->cfg = cfg;
	l->ifindex = ifindex;
	l->pins.counts = -1;
	if (kb_xdp_query(&l->xdp, ifindex))
		goto undo_ledger;
	if (l->xdp.prog_id && kb_filter_open_pins(&l->pins, cfg))
		goto undo_ledger;
	if (!is_filter(l)) {
		kb_err_set(KB_EXIT_CONFIG, 0,
			   "the XDP filter is not attached to %s: kb-xdp attaches it", cfg->iface);
		goto undo_ledger;
	}
	if (kb_counts_read(&l->last, l->pins.counts))
		goto undo_ledger;
	*out = l;
	return 0;

undo_ledger:
	kb_xdp_ledger_close(l);
	return -1;
}

/* Another program runs: the filter's successor, once it is pinned. */
static void follow(struct kb_xdp_ledger *l)
{
	struct kb_filter_pins pins;

	if (kb_filter_open_pins(&pins, l->cfg)) {
		kb_err_clear();
		return;
	}
	if (pins.counts_id != l->pins.counts_id)
		l->last = (struct kb_filter_counts){0}; /* a new map: it counts from 0 */
	close(l->pins.counts);
	l->pins = pins;
}

uint64_t kb_xdp_ledger_read(struct kb_xdp_ledger *l, uint64_t *cause)
{
	uint64_t growth[KB_CAUSES] = {0};
	struct kb_filter_counts now;

	if (kb_xdp_query(&l->xdp, l->ifindex)) {
		kb_err_clear();
		return 0; /* replaced under our eyes: the next look will tell */
	}
	if (l->xdp.prog_id && !is_filter(l))
		follow(l);
	if (!is_filter(l) || kb_counts_read(&now, l->pins.counts))
		return 0;
	kb_counts_book(growth, &now, &l->last);
	for (uint32_t c = 0; c < KB_CAUSES; c++)
		kb_stat_add(&cause[c], growth[c]);
	const uint64_t useless = now.verdict[KB_VERDICT_PASS_UNKNOWN_TYPE] -
				 l->last.verdict[KB_VERDICT_PASS_UNKNOWN_TYPE];
	l->last = now;
	return useless;
}

const char *kb_xdp_ledger_mode(const struct kb_xdp_ledger *l)
{
	return is_filter(l) ? kb_xdp_mode(&l->xdp) : "";
}

void kb_xdp_ledger_close(struct kb_xdp_ledger *l)
{
	if (!l)
		return;
	if (l->pins.counts >= 0)
		close(l->pins.counts);
	free(l);
}
