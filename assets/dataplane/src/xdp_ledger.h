/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_XDP_LEDGER_H
#define KB_XDP_LEDGER_H

#include <stdint.h>

#include "kb/config.h"

/*
 * What the attached XDP filter counted, for the plane `xdp`. The filter outlives every receiver, so
 * counts start when the ledger is opened. xdp_ledger_none.c takes this place without libbpf.
 */
struct kb_xdp_ledger;

/* Returns 0, or -1 with kb_err when kb-xdp's filter is not attached to the interface. */
int kb_xdp_ledger_open(struct kb_xdp_ledger **out, const struct kb_config *cfg, int ifindex);

/*
 * Adds what was counted since the last call to `cause` (KB_CAUSES of them). Returns how many of
 * these frames the kernel drops after the filter, and counts as dropped by the device: those of an
 * EtherType it has no use for.
 */
uint64_t kb_xdp_ledger_read(struct kb_xdp_ledger *l, uint64_t *cause);

/*
 * Where the filter ran at the last look, as the kernel says: "native" or "generic"; "" once it has
 * been taken off. The sockets receive without it too, so that is no failure, only not the plan.
 */
const char *kb_xdp_ledger_mode(const struct kb_xdp_ledger *l);

void kb_xdp_ledger_close(struct kb_xdp_ledger *l); /* NULL is allowed */

#endif
