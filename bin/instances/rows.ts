// SPDX-License-Identifier: Apache-2.0
import type { InstanceTypeInfo, NetworkCardInfo } from '@aws-sdk/client-ec2';
import { compressCores } from '../../lib/private/core-counts';
import type { CardRow, InstanceRow } from '../../lib/private/instance-row';
import { FAMILIES, Family } from './families';
import { numaNodes } from './numa-nodes';

/** Seconds for which an idle TCP connection is tracked: the one trait by which the API shows Nitro v6. */
const NITRO_V6_TCP_TIMEOUT = 350;

/** Rows of the table from a DescribeInstanceTypes answer: families in the order of families.ts, sizes by cores. */
export function instanceRows(types: readonly InstanceTypeInfo[], prices: Readonly<Record<string, number>>): InstanceRow[] {
  return [...FAMILIES].flatMap(([name, family]) => {
    const members = types.filter((type) => type.InstanceType!.split('.')[0] === name);
    const nodes = new Map<number, number>();
    for (const type of members.filter((member) => !member.BareMetal)) {
      const cores = type.VCpuInfo!.DefaultCores!;
      nodes.set(cores, numaNodes(type.VCpuInfo!.ValidCores ?? [], cores, family.socketCores));
    }
    return members
      .sort((a, b) => order(a) - order(b))
      .map((type) => row(type, family, nodes.get(type.VCpuInfo!.DefaultCores!), prices[type.InstanceType!] ?? 0));
  });
}

/** Virtual types by their cores, then bare metal by its cores. */
function order(type: InstanceTypeInfo): number {
  return type.VCpuInfo!.DefaultCores! + (type.BareMetal ? 1e6 : 0);
}

function row(info: InstanceTypeInfo, family: Family, nodes: number | undefined, usdPerHour: number): InstanceRow {
  const type = info.InstanceType as string;
  const cpu = info.VCpuInfo!;
  const network = info.NetworkInfo!;
  check(type, info, family);
  const flags = [
    info.BareMetal ? 'metal' : '',
    network.FlexibleEnaQueuesSupport === 'supported' ? 'queues' : '',
    network.EnaSrdSupported ? 'srd' : '',
    info.PhcSupport === 'supported' ? 'phc' : '',
    info.ProcessorInfo!.SupportedArchitectures!.includes('arm64') ? 'arm' : '',
  ];
  return [
    type,
    cpu.DefaultCores!,
    cpu.DefaultThreadsPerCore!,
    info.MemoryInfo!.SizeInMiB! / 1024,
    flags.filter((flag) => flag !== '').join(' '),
    network.NetworkCards!.map(card),
    compressCores(cpu.ValidCores ?? []),
    gigabits(network.NetworkPerformance),
    family.nitro,
    nodes ?? numaNodes([], cpu.DefaultCores!, family.socketCores),
    usdPerHour,
  ];
}

function card(info: NetworkCardInfo): CardRow {
  const queues = info.DefaultEnaQueueCountPerInterface!;
  const stated = gigabits(info.NetworkPerformance);
  return [
    info.MaximumNetworkInterfaces!,
    queues,
    info.MaximumEnaQueueCountPerInterface ?? queues,
    info.MaximumEnaQueueCount ?? 0,
    Math.min(info.BaselineBandwidthInGbps!, stated),
    Math.min(info.PeakBandwidthInGbps!, stated),
  ];
}

/** '200 Gigabit', 'Up to 12.5 Gigabit' or '4x 100 Gigabit' as a number. */
function gigabits(text = ''): number {
  const match = /^(?:Up to )?(?:(\d+)x )?(\d+(?:\.\d+)?) Gigabit$/.exec(text);
  if (!match) {
    throw new Error(`network performance '${text}' is not of a form this generator knows`);
  }
  return Number(match[1] ?? 1) * Number(match[2]);
}

/** What the rows leave unsaid must be so; a type that breaks it needs a better row, not a wrong one. */
function check(type: string, info: InstanceTypeInfo, family: Family): void {
  const cpu = info.VCpuInfo!;
  const network = info.NetworkInfo!;
  const threads = cpu.ValidThreadsPerCore?.join() ?? '';
  const expected = cpu.DefaultThreadsPerCore === 2 ? '1,2' : '1';
  const timeout = network.ConnectionTrackingConfiguration?.DefaultTcpEstablishedTimeout;
  const claims: [boolean, string][] = [
    [network.EnaSupport === 'required', `EnaSupport is '${network.EnaSupport}', not 'required'`],
    [network.DefaultNetworkCardIndex === 0, `the default network card is ${network.DefaultNetworkCardIndex}, not 0`],
    [cpu.DefaultVCpus === cpu.DefaultCores! * cpu.DefaultThreadsPerCore!, 'vCPUs are not cores x threads'],
    [threads === '' || threads === expected, `valid threads per core are ${threads}, not ${expected}`],
    [info.Hypervisor === (info.BareMetal ? undefined : 'nitro'), `the hypervisor is '${info.Hypervisor}'`],
    [
      (timeout === NITRO_V6_TCP_TIMEOUT) === (family.nitro === 6),
      `families.ts says Nitro v${family.nitro}, but idle TCP connections are tracked for ${timeout} s`,
    ],
  ];
  const broken = claims.filter(([holds]) => !holds).map(([, problem]) => problem);
  if (broken.length > 0) {
    throw new Error(`${type} does not fit the table: ${broken.join('; ')}`);
  }
}
