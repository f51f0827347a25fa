// SPDX-License-Identifier: Apache-2.0

/** Counters of a receiver at one moment. */
export interface Reading {
  readonly packets: number;
  /** What its receiving thread has had of a CPU. */
  readonly cpuNs: number;
  readonly wallNs: number;
}

/** Packets in each second that the receiving thread really had a CPU. */
export function perCpuSecond(before: Reading, after: Reading): number {
  return ((after.packets - before.packets) / (after.cpuNs - before.cpuNs)) * 1e9;
}

/** Packets in each second of the clock on the wall. */
export function perSecond(before: Reading, after: Reading): number {
  return ((after.packets - before.packets) / (after.wallNs - before.wallNs)) * 1e9;
}
