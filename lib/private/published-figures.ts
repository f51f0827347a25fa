// SPDX-License-Identifier: Apache-2.0
import { DataPlaneKind } from '../data-plane-kind';

/*
 * The figures recommendations rest on: 288-byte datagrams at 100,000/s on a c6in.32xlarge, as published in the document
 * this library follows (its comparison matrix and performance summary). They are not our measurements; measure with
 * `npx kb lab` or on your own instances before you rely on them.
 */
export interface PublishedFigures {
  readonly label: string;
  readonly p99Micros: number;
  /** Where the two tables differ: the p99 of the comparison matrix. */
  readonly matrixP99Micros?: number;
  readonly maxPacketsPerSecond: number;
}

export const PUBLISHED: Readonly<Record<DataPlaneKind, PublishedFigures>> = {
  [DataPlaneKind.KERNEL]: { label: 'kernel sockets (optimised)', p99Micros: 68, matrixP99Micros: 145, maxPacketsPerSecond: 3.5e6 },
  [DataPlaneKind.XDP]: { label: 'an XDP filter', p99Micros: 85, maxPacketsPerSecond: 8e6 },
  [DataPlaneKind.AF_XDP]: { label: 'AF_XDP', p99Micros: 38, maxPacketsPerSecond: 10e6 },
  [DataPlaneKind.DPDK]: { label: 'DPDK', p99Micros: 28, maxPacketsPerSecond: 14.8e6 },
};

/** Packet rate at which the p99 figures were published. */
export const PUBLISHED_RATE = 100e3;

/** AF_XDP's performance as a share of DPDK's, by packet rate. */
const AF_XDP_SHARE: readonly (readonly [packetsPerSecond: number, share: number])[] =
  [[10e3, 1], [50e3, 0.9], [100e3, 0.85], [500e3, 0.75], [1e6, 0.6]];

/** DPDK's gain over the kernel, by packet rate, in per cent. */
const DPDK_GAIN: readonly (readonly [packetsPerSecond: number, percent: number])[] =
  [[10e3, 5], [50e3, 25], [100e3, 60], [500e3, 85], [1e6, 90]];

export function afXdpShare(packetsPerSecond: number): number {
  return interpolate(AF_XDP_SHARE, packetsPerSecond);
}

export function dpdkGainPercent(packetsPerSecond: number): number {
  return interpolate(DPDK_GAIN, packetsPerSecond);
}

/** Between two rates the tables are read linearly over the rate's logarithm, as they are spaced; beyond them, flat. */
function interpolate(table: readonly (readonly [number, number])[], rate: number): number {
  const above = table.findIndex(([tableRate]) => tableRate >= rate);
  if (above === 0) {
    return table[0][1];
  }
  if (above === -1) {
    return table[table.length - 1][1];
  }
  const [lowRate, low] = table[above - 1];
  const [highRate, high] = table[above];
  return low + (high - low) * Math.log(rate / lowRate) / Math.log(highRate / lowRate);
}
