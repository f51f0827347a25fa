// SPDX-License-Identifier: Apache-2.0
import type { Plane } from './host-plan';

/** Buffers that a queue may have: the receivers' own bound. */
export const MAX_FRAMES = 1048576;

// src/backend/dpdk: a datagram that is sent on by reference has up to three buffers in the TX ring.
const DPDK_BUFFERS_PER_TX_DESCRIPTOR = 3;
// src/backend/dpdk/port.c: what the pool's cache of a receive core may hold back.
const DPDK_POOL_CACHE = 256;

/**
 * The fewest buffers of a queue with which its receiver starts, as a power of two: whatever is with the NIC, with the
 * handler and on its way out, and never less than one ring's worth with the NIC and one with the handler.
 */
export function leastFrames(plane: Plane, rx: number, tx: number, burst: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2 * rx, inUse(plane, rx, tx, burst))));
}

function inUse(plane: Plane, rx: number, tx: number, burst: number): number {
  switch (plane) {
    case 'dpdk': return rx + DPDK_BUFFERS_PER_TX_DESCRIPTOR * tx + 2 * burst + DPDK_POOL_CACHE;
    case 'afxdp': return rx + tx; // src/backend/afxdp/xsk.c: a frame for every descriptor
    default: return 0; // sockets have their own buffers
  }
}
