/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_AFXDP_GROUPS_H
#define KB_AFXDP_GROUPS_H

#include <stdint.h>
#include "kb/flow.h"

/*
 * Membership in the multicast groups of the flows, held by kernel sockets that receive nothing: the
 * kernel reports it by IGMP, answers queries and opens the device's filter for the groups.
 */
struct kb_groups {
	uint32_t n;
	int fd[KB_MAX_FLOWS];
};

/* Returns 0, or -1 with kb_err and no membership left. */
int kb_groups_join(struct kb_groups *g, const struct kb_flows *flows, int ifindex);

void kb_groups_leave(struct kb_groups *g);

#endif
