/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_PKT_H
#define KB_PKT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A received UDP datagram: the unit of exchange between back-ends and handlers.
 * The payload is valid until kb_rx_release() is called for its burst.
 */
struct kb_pkt {
	const uint8_t *payload;
	uint64_t rx_ns; /* CLOCK_REALTIME: kernel or hardware stamp, else when the burst was polled
			 */
	void *frame;	/* the back-end's own handle (umem address, mbuf), NULL for sockets */
	uint32_t src_addr; /* network byte order */
	uint32_t dst_addr; /* network byte order */
	uint16_t src_port; /* host byte order */
	uint16_t dst_port; /* host byte order */
	uint16_t len;	   /* payload bytes */
	uint16_t queue;
};

/*
 * A datagram to send. Back-ends copy the payload unless `from` names the received packet that holds
 * it, in which case they may send that frame's bytes without a copy.
 */
struct kb_tx {
	const uint8_t *payload;
	const struct kb_pkt *from; /* NULL: the payload is the caller's memory */
	uint32_t dst_addr;	   /* network byte order */
	uint16_t dst_port;	   /* host byte order */
	uint16_t src_port;	   /* host byte order */
	uint16_t len;
	/*
	 * Nobody reads `from` once this is taken: its frame may go out itself, with new headers
	 * in front of the payload, and `from->frame` is then no longer the received one.
	 */
	bool last;
};

#endif
