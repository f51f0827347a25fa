/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_TESTS_NETNS_H
#define KB_TESTS_NETNS_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A network of the test's own: a namespace that ends with the process, and in it a wire between
 * kbt0 (the world, driven by raw frames) and kbt1 (10.0.0.2/24, the data interface).
 */
#define NETNS_WORLD "kbt0"
#define NETNS_DATA  "kbt1"
#define NETNS_ADDR  0x0a000002u /* 10.0.0.2 */
#define NETNS_PEER  0x0a000001u /* 10.0.0.1 */

static inline bool netns_run(const char *command)
{
	return system(command) == 0;
}

/* False when this machine allows no namespaces or lacks iproute2: then the test is skipped. */
static inline bool netns_enter(void)
{
	return unshare(CLONE_NEWNET) == 0 && netns_run("ip link set lo up 2>/dev/null") &&
	       netns_run("ip link add " NETNS_WORLD " type veth peer name " NETNS_DATA) &&
	       netns_run("ip addr add 10.0.0.2/24 dev " NETNS_DATA) &&
	       netns_run("ip link set " NETNS_WORLD " arp off up") &&
	       netns_run("ip link set " NETNS_DATA " up") &&
	       /* Nobody on the other side answers ARP. */
	       netns_run("ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev " NETNS_DATA);
}

/* A raw socket on the world's end of the wire, or -1. */
static inline int netns_open_world(void)
{
	const struct sockaddr_ll ll = {.sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_IP),
				       .sll_ifindex = (int)if_nametoindex(NETNS_WORLD)};
	const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP));

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&ll, sizeof(ll)) == 0)
		return fd;
	return -1;
}

/* Puts a frame on the wire, addressed to everybody so that its MAC address does not matter. */
static inline bool netns_send(int world, uint8_t *frame, uint32_t len)
{
	memset(frame, 0xff, 6);
	return send(world, frame, len, 0) == (ssize_t)len;
}

#endif
