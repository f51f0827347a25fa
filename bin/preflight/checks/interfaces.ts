// SPDX-License-Identifier: Apache-2.0
import type { InstanceNetworkInterfaceSpecification, InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { Check } from '../check';
import { fail, pass } from '../finding';

/** The ENIs and CPU options of the launch fit the type. DryRun would say so too, but one thing at a time. */
export const interfaces: Check = {
  name: 'interfaces',
  actions: ['ec2:DescribeInstanceTypes'],
  // eslint-disable-next-line @typescript-eslint/require-await
  async run(_, { target, type }) {
    const { NetworkInterfaces: enis = [], CpuOptions: cpu } = target.launch;
    const problems = [...eniProblems(enis, type), ...cpuProblems(cpu, type)];
    if (problems.length > 0) {
      return fail(problems.join('; '), 'change the data interface or the CPU options of the construct');
    }
    const cards = enis.map(({ NetworkCardIndex = 0 }) => NetworkCardIndex);
    return pass(`${enis.length} ENIs on network card ${[...new Set(cards)].join(', ')}`);
  },
};

function eniProblems(enis: readonly InstanceNetworkInterfaceSpecification[], type: InstanceTypeInfo): string[] {
  const cards = type.NetworkInfo?.NetworkCards ?? [];
  const problems: string[] = [];
  const devices = enis.map(({ DeviceIndex }) => DeviceIndex);
  if (new Set(devices).size < devices.length) {
    problems.push(`two ENIs have one device index (${devices.join(', ')})`);
  }
  const beyond = enis.filter(({ NetworkCardIndex = 0 }) => NetworkCardIndex >= cards.length);
  beyond.forEach(({ NetworkCardIndex }) => problems.push(`network card ${NetworkCardIndex} does not exist: the type has ${cards.length}`));
  cards.forEach((card, index) => {
    const here = enis.filter(({ NetworkCardIndex = 0 }) => NetworkCardIndex === index);
    const { MaximumNetworkInterfaces: most = 0, MaximumEnaQueueCountPerInterface: perEni, MaximumEnaQueueCount: perCard } = card;
    if (here.length > most) {
      problems.push(`${here.length} ENIs on network card ${index}, which takes ${most}`);
    }
    const chosen = here.flatMap(({ EnaQueueCount }) => (EnaQueueCount === undefined ? [] : [EnaQueueCount]));
    if (chosen.length > 0 && perEni === undefined) {
      problems.push('the type does not let the number of queues be chosen');
    }
    chosen.filter((count) => count > (perEni ?? Infinity)).forEach((count) => problems.push(`${count} queues on an ENI, which takes ${perEni}`));
    const queues = here.reduce((sum, { EnaQueueCount }) => sum + (EnaQueueCount ?? card.DefaultEnaQueueCountPerInterface ?? 0), 0);
    if (queues > (perCard ?? Infinity)) {
      problems.push(`${queues} queues on network card ${index}, which takes ${perCard}`);
    }
  });
  if (enis.some(({ EnaSrdSpecification }) => EnaSrdSpecification?.EnaSrdEnabled) && !type.NetworkInfo?.EnaSrdSupported) {
    problems.push('the type has no ENA Express');
  }
  return problems;
}

function cpuProblems(cpu: { CoreCount?: number; ThreadsPerCore?: number } | undefined, type: InstanceTypeInfo): string[] {
  if (cpu === undefined || (cpu.CoreCount === undefined && cpu.ThreadsPerCore === undefined)) {
    return [];
  }
  const { ValidCores = [], ValidThreadsPerCore = [] } = type.VCpuInfo ?? {};
  if (ValidCores.length === 0) {
    return ['the type takes no CPU options'];
  }
  const problems: string[] = [];
  if (cpu.CoreCount === undefined || cpu.ThreadsPerCore === undefined) {
    // EC2: "When specifying CpuOptions you must specify both CoreCount and ThreadsPerCore".
    problems.push('CPU options need both CoreCount and ThreadsPerCore');
  }
  if (cpu.CoreCount !== undefined && !ValidCores.includes(Number(cpu.CoreCount))) {
    problems.push(`${cpu.CoreCount} cores are not one of ${ValidCores.join(', ')}`);
  }
  if (cpu.ThreadsPerCore !== undefined && !ValidThreadsPerCore.includes(Number(cpu.ThreadsPerCore))) {
    problems.push(`${cpu.ThreadsPerCore} threads per core are not one of ${ValidThreadsPerCore.join(', ')}`);
  }
  return problems;
}
