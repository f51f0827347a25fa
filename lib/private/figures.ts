// SPDX-License-Identifier: Apache-2.0
import { DataPlaneKind } from '../data-plane-kind';
import type { DataPlaneMeasurement } from '../recommendation';
import { afXdpShare, PUBLISHED, PUBLISHED_RATE } from './published-figures';

/** What a recommendation goes by for one data plane. */
export interface Figure {
  readonly label: string;
  readonly source: 'published' | 'measured';
  readonly p99Micros: number;
  /** What another table publishes. */
  readonly otherP99Micros?: number;
  /** Packets per second at which that p99 was seen. */
  readonly rate: number;
  readonly maxPacketsPerSecond: number;
}

/** The published figures, with the user's own in place of those that were measured. */
export class Figures {
  private readonly measured: ReadonlyMap<DataPlaneKind, DataPlaneMeasurement>;

  public constructor(measurements: readonly DataPlaneMeasurement[] = []) {
    this.measured = new Map(measurements.map(measurement => [measurement.dataPlane, measurement]));
  }

  public of(kind: DataPlaneKind): Figure {
    const { label, p99Micros, matrixP99Micros, maxPacketsPerSecond } = PUBLISHED[kind];
    const own = this.measured.get(kind);
    return own === undefined
      ? { label, source: 'published', p99Micros, otherP99Micros: matrixP99Micros, rate: PUBLISHED_RATE, maxPacketsPerSecond }
      : {
        label, source: 'measured', p99Micros: own.p99Micros, rate: own.packetsPerSecond,
        maxPacketsPerSecond: Math.max(maxPacketsPerSecond, own.packetsPerSecond),
      };
  }

  /** p99 to expect: AF_XDP's figure grows as its share of DPDK's performance falls; the others have one figure. */
  public expectedP99(kind: DataPlaneKind, packetsPerSecond: number): number {
    const { p99Micros, rate } = this.of(kind);
    return kind === DataPlaneKind.AF_XDP ? p99Micros * afXdpShare(rate) / afXdpShare(packetsPerSecond) : p99Micros;
  }
}
