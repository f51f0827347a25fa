// SPDX-License-Identifier: Apache-2.0

/**
 * One network card. `cardQueues` is what EC2 lets all ENIs of the card have together; 0 means EC2 states no such sum,
 * because its ENIs always have their default. Bandwidths are the smaller of the two numbers EC2 gives for a card.
 */
export type CardRow = readonly [
  enis: number,
  defaultQueues: number,
  maxQueues: number,
  cardQueues: number,
  baselineGbps: number,
  peakGbps: number,
];

/**
 * What EC2 says of one instance type, as plain as it can be stored: the table has hundreds of rows.
 *
 * - `cores`, `threads`: physical cores and threads per core by default; their product is the number of vCPUs. A type
 *   with two threads can be had with one; a type with one cannot be had with two; bare metal takes no CPU options.
 * - `flags`: `metal` (no hypervisor; every other type runs on the Nitro hypervisor), `queues` (EnaQueueCount may be
 *   chosen), `srd` (ENA Express), `phc` (PTP hardware clock), `arm` (arm64; every other type is x86_64).
 * - `validCores`: the core counts EC2 accepts, in the form of core-counts.ts; empty when the count cannot be chosen.
 * - `gbps`: bandwidth of the whole instance, all cards together (the peak, where EC2 gives a baseline and a peak).
 * - `nitro`: generation of the Nitro card. Flow steering (`ethtool -N`) needs 5 or newer.
 * - `numaNodes`: the NUMA nodes to expect. EC2 does not say; see bin/instances/numa-nodes.ts. The host is asked.
 * - `usdPerHour`: on demand, Linux, us-east-1; 0 when there is no price.
 */
export type InstanceRow = readonly [
  type: string,
  cores: number,
  threads: number,
  memoryGiB: number,
  flags: string,
  cards: readonly CardRow[],
  validCores: string,
  gbps: number,
  nitro: number,
  numaNodes: number,
  usdPerHour: number,
];
