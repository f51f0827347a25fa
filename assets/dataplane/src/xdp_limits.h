/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_XDP_LIMITS_H
#define KB_XDP_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include "kb/config.h"
#include "netdev.h"

/* ENA's zero-copy takes umem chunks of exactly one page, and no headroom of ours. */
#define KB_XSK_CHUNK 4096u
/* XDP keeps XDP_PACKET_HEADROOM in front of each frame. */
#define KB_XSK_MAX_FRAME (KB_XSK_CHUNK - 256u)

/*
 * What a driver refuses, or accepts and then loses packets over, said before it is tried: with the
 * value, the bound and the fix. The checks are pure functions of what was read from the device.
 */
struct kb_xdp_port {
	const char *iface;
	char driver[32];
	char version[32]; /* as ethtool -i prints it */
	uint32_t mtu;
	uint32_t channels; /* RX queues in use */
	uint32_t max_channels;
	uint32_t spread; /* RSS sends packets to queues 0 .. spread-1 */
};

/* All functions return 0, or -1 with the reason in kb_err. */
int kb_xdp_port_read(struct kb_xdp_port *out, const char *iface, const struct kb_netdev *dev);

/* Native XDP: ENA's MTU and channel rules. */
int kb_xdp_check_native(const struct kb_xdp_port *port);

/* AF_XDP: a socket for every queue that gets packets, and frames that fit one umem chunk. */
int kb_xdp_check_sockets(const struct kb_xdp_port *port, const struct kb_config *cfg);

/* AF_XDP zero-copy: the ENA versions that have it. */
int kb_xdp_check_zero_copy(const struct kb_xdp_port *port);

#endif
