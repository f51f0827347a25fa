// SPDX-License-Identifier: Apache-2.0

/**
 * The NUMA nodes to expect of an instance type. EC2 does not publish them, but the core counts it accepts give them
 * away: a type that spans N nodes takes cores from all of them alike, so its counts are multiples of N, and each node
 * keeps at least two cores. c6in.32xlarge accepts 4, 6, 8 ... (two sockets), c8in.96xlarge 12, 18, 24 ... (two sockets
 * of three dies each).
 *
 * Families that do not follow the pattern have `socketCores`: more cores than one socket has means one more socket.
 * Bare metal accepts no core count at all: it has the nodes of the virtual type with as many cores.
 *
 * This is an expectation. The host is asked for the truth before anything is bound to it.
 */
export function numaNodes(validCores: readonly number[], cores: number, socketCores?: number): number {
  if (socketCores !== undefined) {
    return Math.ceil(cores / socketCores);
  }
  const step = validCores.reduce(greatestCommonDivisor, 0);
  return step > 1 && Math.min(...validCores) === 2 * step ? step : 1;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
