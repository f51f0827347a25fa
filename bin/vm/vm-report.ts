// SPDX-License-Identifier: Apache-2.0

/** Packets sent to the data interface, and what the guest made of them. */
export interface Traffic {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly unexplained: number;
}

/** How a deployment to a machine went. */
export interface VmReport {
  readonly plane: string;
  readonly iommu: boolean;
  readonly accelerator: string;
  readonly status: string;
  readonly reason: string;
  readonly secondsToSignal: number;
  /** Kernels started, the first included. */
  readonly boots: number;
  readonly signals: number;
  readonly statsdLines: number;
  /** One entry after the signal and one after each reboot. */
  readonly traffic: readonly Traffic[];
  /** What the host measured of its own boot, in seconds. */
  readonly phases: Readonly<Record<string, number>>;
  /** What is wrong; empty when everything is as it should be. */
  readonly findings: readonly string[];
}
