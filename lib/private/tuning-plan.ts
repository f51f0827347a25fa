// SPDX-License-Identifier: Apache-2.0
import { range } from './bounds';
import type { CorePlan } from './core-plan';
import type { Findings } from './fail';
import type { Plane, TuningChoice } from './host-plan';
import type { InstanceFacts } from './instance-facts';
import type { MemoryPlan } from './memory-plan';
import { PLAIN_WORD } from './plan-keys';

export interface TuningPlan {
  readonly isolatedList: string;
  readonly kernelArgs: string;
  readonly sysctls: string;
  readonly interruptModerationMicros: number;
  readonly maxJitterMicros: number;
  readonly jitterSeconds: number;
}

export function decideTuning(
  choice: TuningChoice, facts: InstanceFacts, threads: number, plane: Plane, cores: CorePlan, memory: MemoryPlan,
  socketBufferKiB: number, multicast: boolean, findings: Findings,
): TuningPlan {
  const isolate = choice.isolateCores ?? true;
  const isolatedList = isolate ? cores.isolatedList : '';
  // A port in user space raises no interrupts that moderation could delay.
  const interruptModerationMicros = plane === 'dpdk' ? -1 : choice.interruptModerationMicros ?? 0;
  range(findings, 'interruptModerationMicros', interruptModerationMicros, -1, 1000);
  // Isolated CPUs of a quiet host stay well below; above it the tuning has not taken.
  const maxJitterMicros = isolate ? choice.maxJitterMicros ?? 100 : 0;
  range(findings, 'maxJitterMicros', maxJitterMicros, 0, 1000000);
  const jitterSeconds = maxJitterMicros === 0 ? 0 : choice.jitterSeconds ?? 5;
  range(findings, 'jitterSeconds', jitterSeconds, maxJitterMicros === 0 ? 0 : 1, 600);
  return {
    isolatedList,
    kernelArgs: kernelArgs(choice, facts, threads, plane, isolatedList, cores.housekeepingList, memory, findings).join(' '),
    sysctls: sysctls(choice, socketBufferKiB, multicast, findings).join(' '),
    interruptModerationMicros,
    maxJitterMicros,
    jitterSeconds,
  };
}

function kernelArgs(
  choice: TuningChoice, facts: InstanceFacts, threads: number, plane: Plane, isolatedList: string, housekeepingList: string,
  memory: MemoryPlan, findings: Findings,
): string[] {
  const own = choice.kernelArguments ?? [];
  for (const argument of own) {
    findings.check(PLAIN_WORD.test(argument),
      `a kernel argument must hold no space, control character, quote, '$' or '\\', got ${JSON.stringify(argument)}`);
  }
  const x86 = facts.arch === 'x86_64';
  const args: string[] = [];
  if (isolatedList !== '') {
    args.push(
      `isolcpus=managed_irq,domain,${isolatedList}`,
      `nohz_full=${isolatedList}`,
      `rcu_nocbs=${isolatedList}`,
      `irqaffinity=${housekeepingList}`,
      'skew_tick=1', // ticks of different CPUs at different times, so that they do not queue for one lock
      'nmi_watchdog=0',
      'nosoftlockup',
    );
  }
  if (choice.ownSettings) {
    args.push('transparent_hugepage=never');
  }
  if (x86 && (choice.limitCStates ?? true)) {
    args.push('processor.max_cstate=1', 'intel_idle.max_cstate=1', 'tsc=reliable');
  }
  if (facts.metal && threads < facts.threadsPerCore) {
    args.push('nosmt'); // CpuOptions do not exist for metal
  }
  if (facts.metal && x86 && plane === 'dpdk') {
    args.push('intel_iommu=on', 'iommu=pt');
  }
  if (memory.pageKiB === 1048576 && memory.pagesPerNode > 0) {
    args.push('default_hugepagesz=1G', 'hugepagesz=1G', `hugepages=${memory.pagesPerNode * facts.numaNodes}`);
  }
  return [...args, ...own];
}

function sysctls(choice: TuningChoice, socketBufferKiB: number, multicast: boolean, findings: Findings): string[] {
  const standard: Record<string, string> = choice.ownSettings ? {
    'kernel.numa_balancing': '0', // moves pages under a running receiver
    'kernel.timer_migration': '0',
    'net.core.netdev_max_backlog': '250000',
    'vm.stat_interval': '120', // per-CPU statistics wake isolated CPUs each second otherwise
    'vm.swappiness': '0',
  } : {};
  // Needed by the receiver whatever the tuning: SO_RCVBUF is capped by it.
  const settings: Record<string, string> =
    { 'net.core.rmem_max': `${socketBufferKiB * 1024}`, ...standard };
  if (multicast) {
    settings['net.ipv4.conf.all.force_igmp_version'] = '2'; // transit gateways understand no other
  }
  Object.assign(settings, choice.sysctls);
  return Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => {
    findings.check(/^[a-z0-9_]+([./][A-Za-z0-9_-]+)+$/.test(key),
      `a sysctl must be named like net.core.rmem_max, got '${key}'`);
    findings.check(PLAIN_WORD.test(value),
      `sysctl '${key}' must hold no space, control character, quote, '$' or '\\', got ${JSON.stringify(value)}`);
    return `${key}=${value}`;
  });
}
