/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_XDP_LEDGER_H
#define KB_XDP_LEDGER_H

#include <stdint.h>

/*
 * What the attached XDP filter counted, for the plane `xdp`: the filter outlives every receiver, so
 * the counts are taken from when the ledger was opened. System calls only, no libbpf.
 */
struct kb_xdp_ledger;

/* Opens the counters pinned under dir/iface. Returns 0, or -1 with kb_err when no filter is
 * attached to the interface. */
int kb_xdp_ledger_open(struct kb_xdp_ledger **out, const char *dir, const char *iface, int ifindex);

/* Where the program runs, as the kernel says: "native", "generic" or "offload". */
const char *kb_xdp_ledger_mode(const struct kb_xdp_ledger *l);

/* Sets the causes that the filter counts in `cause` (KB_CAUSES of them). 0, or -1 with kb_err. */
int kb_xdp_ledger_read(struct kb_xdp_ledger *l, uint64_t *cause);

void kb_xdp_ledger_close(struct kb_xdp_ledger *l); /* NULL is allowed */

#endif
