/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_KERNEL_ARP_H
#define KB_KERNEL_ARP_H

#include <stdint.h>
#include "kb/neighbour.h"

/*
 * The kernel's ARP cache, for a port that sends past the kernel but still has it behind: ARP frames
 * are passed to it, so it is asked instead of asking the network. No function here waits.
 */
struct kb_kernel_arp {
	int control; /* for SIOCGARP */
	int netlink; /* for making the kernel ask */
	int ifindex;
	char iface[16];
	struct kb_neighbours known;
};

/* Returns 0, or -1 with kb_err. */
int kb_kernel_arp_open(struct kb_kernel_arp *a, const char *iface, int ifindex);

/* The MAC of an address of the own subnet; any thread. Returns 0, or -1 while it is not known. */
int kb_kernel_arp_mac(struct kb_kernel_arp *a, uint32_t addr, uint64_t now_ns, uint8_t mac[6]);

/* Main thread, now and then: picks up what the kernel has learnt about the addresses asked for. */
void kb_kernel_arp_collect(struct kb_kernel_arp *a, uint64_t now_ns);

void kb_kernel_arp_close(struct kb_kernel_arp *a);

#endif
