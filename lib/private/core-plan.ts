// SPDX-License-Identifier: Apache-2.0
import { range } from './bounds';
import { cpuRange, formatCpuList, parseCpuList } from './cpu-list';
import type { Findings } from './fail';
import type { CoreChoice } from './host-plan';
import type { InstanceFacts } from './instance-facts';

export interface CorePlan {
  /** In the queues' order. */
  readonly receive: readonly number[];
  readonly housekeepingList: string;
  readonly isolatedList: string;
}

const NONE: CorePlan = { receive: [], housekeepingList: '', isolatedList: '' };

/*
 * CPU numbers as EC2 guests see them: the first thread of every core, socket after socket, then the second threads in
 * the same order. The host compares this with what it finds.
 */
export function decideCores(
  choice: CoreChoice, facts: InstanceFacts, threads: number, queues: number, networkCard: number, findings: Findings,
): CorePlan {
  // Metal has no CpuOptions: its second threads are switched off by the kernel, their CPU numbers stay.
  const cpus = facts.cores * threads;
  return choice.lists
    ? ownLists(choice.lists, facts, cpus, queues, findings)
    : autoLayout(choice, facts, cpus, queues, networkCard, findings);
}

function autoLayout(
  choice: CoreChoice, facts: InstanceFacts, cpus: number, queues: number, networkCard: number, findings: Findings,
): CorePlan {
  const { instanceType, numaNodes, cores } = facts;
  if (!findings.check(cores >= 2,
    `'instanceType' must have at least 2 cores, one to receive and one for the rest, got ${instanceType} with ${cores}`)) {
    return NONE;
  }
  const housekeepingCount = choice.housekeepingCount ?? (cores >= 8 ? 2 : 1);
  if (!range(findings, 'housekeepingCount', housekeepingCount, 1, cores - 1, ` on ${instanceType}`)) {
    return NONE;
  }
  const node = choice.numaNode ?? Math.min(networkCard, numaNodes - 1);
  if (!range(findings, 'numaNode', node, 0, numaNodes - 1, ` on ${instanceType}`)) {
    return NONE;
  }
  const nodeCores = cores / numaNodes;
  const free = cpuRange(node * nodeCores, nodeCores).filter(cpu => cpu >= housekeepingCount);
  if (!findings.check(queues <= free.length,
    `'queues' must be at most ${free.length} on ${instanceType}, the cores of NUMA node ${node} beside `
    + `${housekeepingCount} for housekeeping, got ${queues}`)) {
    return NONE;
  }
  const receive = free.slice(0, queues);
  return {
    receive,
    housekeepingList: formatCpuList(cpuRange(0, housekeepingCount)),
    isolatedList: formatCpuList(withSiblings(receive, cores, cpus)),
  };
}

/** An isolated core's second thread must stay idle too, or it takes half of the core. */
function withSiblings(receive: readonly number[], cores: number, cpus: number): number[] {
  return cpus === cores ? [...receive] : [...receive, ...receive.map(cpu => cpu + cores)];
}

function ownLists(
  lists: NonNullable<CoreChoice['lists']>, facts: InstanceFacts, cpus: number, queues: number, findings: Findings,
): CorePlan {
  const parsed = (name: string, text: string): number[] | undefined => {
    const list = parseCpuList(text);
    if (!list) {
      findings.add(`'${name}' must be a CPU list such as 2-3,8, got '${text}'`);
      return undefined;
    }
    const beyond = list.find(cpu => cpu >= cpus);
    return findings.check(beyond === undefined,
      `'${name}' has CPU ${beyond}, but ${facts.instanceType} has CPUs 0-${cpus - 1}`) ? list : undefined;
  };
  const receive = parsed('receive', lists.receive);
  const housekeeping = parsed('housekeeping', lists.housekeeping);
  const isolated = lists.isolated === undefined ? receive : parsed('isolated', lists.isolated);
  if (!receive || !housekeeping || !isolated) {
    return NONE;
  }
  findings.check(receive.length === queues,
    `'receive' must have one CPU per queue (${queues}), got '${lists.receive}' with ${receive.length}`);
  const both = receive.find(cpu => housekeeping.includes(cpu));
  findings.check(both === undefined, `CPU ${both} cannot be both in 'receive' and 'housekeeping'`);
  const isolatedBoth = isolated.find(cpu => housekeeping.includes(cpu));
  findings.check(isolatedBoth === undefined || isolatedBoth === both,
    `CPU ${isolatedBoth} cannot be both in 'isolated' and 'housekeeping'`);
  findings.check(!isolated.includes(0), "CPU 0 cannot be isolated: the kernel keeps time and boots on it");
  return {
    receive,
    housekeepingList: formatCpuList(housekeeping),
    isolatedList: formatCpuList(isolated),
  };
}
