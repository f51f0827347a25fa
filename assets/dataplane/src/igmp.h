/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_IGMP_H
#define KB_IGMP_H

#include "kb/control.h"

/* IGMPv2 of kb_control (RFC 2236), split off because it is the part with timers. */

/* Takes up the multicast groups of the flows; reports are due at once. */
void kb_igmp_init(struct kb_control *c, const struct kb_flows *flows, uint64_t now_ns);

/* Makes the unsolicited reports due again. */
void kb_igmp_restart(struct kb_control *c, uint64_t now_ns);

/* An IGMP message of `len` bytes sent to `dst`. */
void kb_igmp_input(struct kb_control *c, uint32_t dst, const uint8_t *msg, uint32_t len,
		   uint64_t now_ns);

/* A report that is due by now, or 0. */
uint32_t kb_igmp_due(struct kb_control *c, uint64_t now_ns, uint8_t *out);

#endif
