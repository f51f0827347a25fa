// SPDX-License-Identifier: Apache-2.0
import { range } from './bounds';
import type { Findings } from './fail';
import type { PlaneChoice, TuningChoice } from './host-plan';
import type { InstanceFacts } from './instance-facts';

export interface MemoryPlan {
  readonly pageKiB: number;
  /** 0 = none. */
  readonly pagesPerNode: number;
}

const MIB = 1024; // in KiB
const GIB = 1024 * MIB;
// A receiver of one queue needs a tenth of it; the rest is for rte_malloc, more queues and your handler.
const DPDK_DEFAULT_KIB = 2 * GIB;
// The kernel, the page cache, the agent and the build of the receivers live in the rest.
const MAX_SHARE = 0.75;
// Around each mbuf's data: struct rte_mbuf, headroom, Ethernet and VLAN header, mempool header.
const MBUF_OVERHEAD = 128 + 128 + 18 + 64;

export function decideMemory(
  tuning: TuningChoice, facts: InstanceFacts, dataPlane: PlaneChoice, queues: number, frames: number, mtu: number,
  findings: Findings,
): MemoryPlan {
  const size = tuning.hugePageSize ?? '2MiB';
  const pageKiB = size === '2MiB' ? 2 * MIB : GIB;
  const { numaNodes, memoryGiB, instanceType } = facts;
  const needKiB = dataPlane.plane === 'dpdk' ? Math.ceil((queues * frames * (mtu + MBUF_OVERHEAD)) / 1024) : 0;
  const pagesPerNode = tuning.hugePagesPerNode
    ?? (needKiB === 0 ? 0 : Math.ceil(Math.max(1.5 * needKiB, Math.min(DPDK_DEFAULT_KIB, memoryGiB * GIB / 4)) / pageKiB));
  if (!findings.check(Number.isInteger(pagesPerNode) && pagesPerNode >= 0,
    `'hugePagesPerNode' must be a whole number of at least 0, got ${pagesPerNode}`)) {
    return { pageKiB, pagesPerNode: 0 };
  }

  const totalGiB = (pagesPerNode * pageKiB * numaNodes) / GIB;
  const nodes = numaNodes === 1 ? '1 NUMA node' : `${numaNodes} NUMA nodes`;
  const limitGiB = memoryGiB * MAX_SHARE;
  const asked = tuning.hugePagesPerNode === undefined ? "the receiver's buffers need" : "'hugePagesPerNode' asks for";
  findings.check(totalGiB <= limitGiB,
    `${asked} ${pagesPerNode} huge pages of ${size} on ${nodes}, ${round(totalGiB)} GiB in all; `
    + `${instanceType} has ${memoryGiB} GiB, of which at most ${round(limitGiB)} may be huge pages`);
  if (dataPlane.plane === 'dpdk' && totalGiB <= limitGiB) {
    range(findings, 'hugePagesPerNode', pagesPerNode, Math.ceil(needKiB / pageKiB), Math.floor(limitGiB * GIB / pageKiB / numaNodes),
      ` for ${queues === 1 ? '1 queue' : `${queues} queues`} of ${frames} frames on ${instanceType}`);
  }
  return { pageKiB, pagesPerNode };
}

function round(gib: number): number {
  return Math.round(gib * 10) / 10;
}
