// SPDX-License-Identifier: Apache-2.0
import type { InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { parseCpuList } from '../../lib/private/cpu-list';
import type { Plan } from '../lab/plan';

/**
 * What a host's plan takes for granted of its type and EC2 denies. For types that this library does not know, the
 * plan rests on what the user said in `instanceCapabilities`.
 */
export function planMisfits(plan: Plan, threadsPerCore: number | undefined, type: InstanceTypeInfo): string[] {
  const { VCpuInfo: cpu, MemoryInfo: memory, NetworkInfo: network } = type;
  const problems: string[] = [];
  const cpus = (cpu?.DefaultCores ?? 0) * (threadsPerCore ?? cpu?.DefaultThreadsPerCore ?? 1);
  const last = Math.max(...[plan.KB_RX_CORES, plan.KB_HOUSEKEEPING_CORES].flatMap((list) => parseCpuList(list) ?? []));
  if (last >= cpus) {
    problems.push(`the plan uses CPU ${last}, the type has CPUs 0-${cpus - 1}`);
  }
  const card = network?.NetworkCards?.[Number(plan.KB_DATA_CARD)];
  const queues = card?.MaximumEnaQueueCountPerInterface ?? card?.DefaultEnaQueueCountPerInterface;
  if (card === undefined) {
    problems.push(`the plan's data ENI is on network card ${plan.KB_DATA_CARD}, the type has ${network?.NetworkCards?.length ?? 0}`);
  } else if (queues !== undefined && Number(plan.KB_QUEUES) > queues) {
    problems.push(`the plan uses ${plan.KB_QUEUES} queues, an ENI has ${queues}`);
  }
  const hugeMiB = (Number(plan.KB_HUGEPAGES_PER_NODE) * Number(plan.KB_HUGEPAGE_KB)) / 1024;
  if (hugeMiB > (memory?.SizeInMiB ?? Infinity)) {
    problems.push(`the plan takes ${hugeMiB} MiB of huge pages on each NUMA node, the type has ${memory?.SizeInMiB} MiB`);
  }
  if (plan.KB_NIC_DRIVER === 'vfio-pci' && !type.BareMetal) {
    problems.push('the plan binds the data ENI to vfio-pci, which needs the IOMMU of a metal type');
  }
  return problems;
}
