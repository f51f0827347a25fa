// SPDX-License-Identifier: Apache-2.0
import type { DataPlaneKind } from './data-plane-kind';

/** A technology that someone has in mind. */
export enum Technology {
  /** Tuned kernel sockets. */
  KERNEL = 'kernel',
  /** Kernel sockets behind an XDP filter. */
  XDP = 'xdp',
  /** AF_XDP sockets. */
  AF_XDP = 'afxdp',
  /** DPDK. */
  DPDK = 'dpdk',
  /** OpenOnload, which ENA does not support: asking for it is an error that says what to use instead. */
  ONLOAD = 'onload',
}

/** What was measured of a data plane: by `kb lab`, or on an instance of your own. */
export interface DataPlaneMeasurement {
  /** The data plane. */
  readonly dataPlane: DataPlaneKind;

  /** The latency that 99 % of packets stayed below, in microseconds. */
  readonly p99Micros: number;

  /** Packets per second at which it was measured. */
  readonly packetsPerSecond: number;
}

/** What a data plane is chosen by. */
export interface RecommendationProps {
  /** Packets per second to receive, at the peak. */
  readonly packetsPerSecond: number;

  /**
   * The latency that 99 % of packets must stay below, in microseconds.
   *
   * @default - no target
   */
  readonly p99Micros?: number;

  /**
   * Datagrams are replicated to many subscribers.
   *
   * @default false
   */
  readonly multicastReplication?: boolean;

  /**
   * The traffic is not plain UDP.
   *
   * @default false
   */
  readonly customProtocol?: boolean;

  /**
   * Simplicity is worth more than latency.
   *
   * @default false
   */
  readonly maximumSimplicity?: boolean;

  /**
   * Packets are to be filtered, nothing more.
   *
   * @default false
   */
  readonly filteringOnly?: boolean;

  /**
   * The handler must see the NIC's own buffers.
   *
   * @default false
   */
  readonly zeroCopy?: boolean;

  /**
   * What you had in mind; the answer says how it compares.
   *
   * @default - nothing
   */
  readonly technology?: Technology;

  /**
   * Measurements of your own, which replace the published figures.
   *
   * @default - published figures, of a c6in.32xlarge at 100,000 packets of 288 bytes per second
   */
  readonly measurements?: DataPlaneMeasurement[];
}

/** Which data plane suits, and why. */
export interface Recommendation {
  /** The data plane. */
  readonly dataPlane: DataPlaneKind;

  /** An XDP program should drop other traffic before it reaches the receiver (`UnmatchedPolicy.DROP`). */
  readonly xdpFilter: boolean;

  /** The recommendation in a few words. */
  readonly summary: string;

  /** Why. */
  readonly reasons: string[];

  /** What speaks against it in the figures it rests on. Measure before you rely on it. */
  readonly contradictions: string[];

  /** What else would do, and at what price. */
  readonly alternatives: string[];
}
