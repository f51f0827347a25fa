/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_CONTROL_H
#define KB_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include "kb/config.h"
#include "kb/neighbour.h"

/*
 * What a host owes its network, for a port that has no kernel behind it: answers to ARP and to ICMP
 * echo, membership in the multicast groups of its flows (IGMPv2), and the MAC of a next hop.
 *
 * Frame in, frame out: nothing here knows a device. Every function that returns a length has put a
 * whole frame of that length at `out`, which holds at least KB_CONTROL_FRAME bytes; 0 = nothing to
 * send. Queue threads share one kb_control; only kb_control_due() belongs to one thread.
 */
#define KB_CONTROL_FRAME 64u /* what ARP and IGMP need; an ICMP echo needs its own length */

struct kb_membership {
	uint32_t group;	  /* network byte order */
	uint32_t reports; /* unsolicited reports still to send */
	uint64_t due_ns;  /* when the next report is due, 0 = never */
};

struct kb_control {
	uint32_t addr;	  /* ours, network byte order, 0 = none: no frame is answered */
	uint32_t netmask; /* network byte order */
	uint32_t gateway; /* network byte order, 0 = none */
	uint8_t mac[6];
	uint8_t gateway_mac[6]; /* all zero = ask for it */
	uint64_t announce_ns;	/* when to announce our address by ARP, 0 = never again */
	uint32_t n_groups;
	struct kb_membership group[KB_MAX_FLOWS];
	struct kb_neighbours neighbours;
};

/* From the configuration and the port's MAC; announcement and memberships are due at once. */
void kb_control_init(struct kb_control *c, const struct kb_config *cfg, const uint8_t mac[6],
		     uint64_t now_ns);

/*
 * Makes the announcement and all memberships due again: after a reset of the device, and when its
 * link is back, behind which may be another switch. Any thread may ask for it.
 */
void kb_control_restart(struct kb_control *c, uint64_t now_ns);

/*
 * A frame that is no UDP datagram. Answers it at out[0..cap) if it asks something of us, and learns
 * from it. Reads no byte beyond frame + len.
 */
uint32_t kb_control_input(struct kb_control *c, const uint8_t *frame, uint32_t len, uint64_t now_ns,
			  uint8_t *out, uint32_t cap);

/* The next frame that is due by now; call until it returns 0. */
uint32_t kb_control_due(struct kb_control *c, uint64_t now_ns, uint8_t *out);

/* Leaves group i < n_groups: for an orderly end. */
uint32_t kb_control_leave(const struct kb_control *c, uint32_t i, uint8_t *out);

/*
 * The MAC that a datagram to `dst` goes to. Returns true when it is known. *ask is then 0, or the
 * address to ask for (kb_control_ask), which is the case with a stale entry and with a missing one.
 */
bool kb_control_route(struct kb_control *c, uint32_t dst, uint64_t now_ns, uint8_t mac[6],
		      uint32_t *ask);

/* The ARP request for `addr`, at most one a second for each address. */
uint32_t kb_control_ask(struct kb_control *c, uint32_t addr, uint64_t now_ns, uint8_t *out);

#endif
