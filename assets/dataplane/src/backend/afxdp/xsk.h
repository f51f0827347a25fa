/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_XSK_H
#define KB_XSK_H

#include <stdbool.h>
#include <stdint.h>
#include <xdp/xsk.h>
#include "kb/config.h"
#include "xdp_limits.h"

/*
 * One AF_XDP socket with a umem of its own. Of its frames, tx_ring belong to sending; the rest
 * circle between fill ring, RX ring and handler, and the fill ring holds all of them at once, so
 * giving a frame back never has to wait.
 */

struct kb_xsk {
	struct xsk_ring_cons rx;
	struct xsk_ring_prod fill;
	struct xsk_ring_prod tx;
	struct xsk_ring_cons completion;
	uint8_t *area;
	uint64_t *free_tx; /* stack of frame addresses */
	uint32_t free_tx_n;
	uint32_t rx_frames;
	uint32_t tx_frames;
	int fd;
	bool zero_copy; /* as the kernel reports it */
	struct xsk_umem *umem;
	struct xsk_socket *socket;
};

/*
 * Binds to cfg->iface:queue with exactly the copy mode asked for. Returns 0, or -1 with kb_err and
 * errno's value in *refused when the kernel refused that mode (0 for any other failure).
 */
int kb_xsk_open(struct kb_xsk *x, const struct kb_config *cfg, uint32_t queue, bool zero_copy,
		int *refused);

/* The kernel's counters of this socket. Returns 0, or -1 with kb_err. */
int kb_xsk_statistics(const struct kb_xsk *x, struct xdp_statistics *out);

/* Allowed on a zeroed or a closed one. */
void kb_xsk_close(struct kb_xsk *x);

#endif
