// SPDX-License-Identifier: Apache-2.0
import { isPowerOfTwo, range } from './bounds';
import { checkFacts } from './check-facts';
import { decideCores } from './core-plan';
import { Findings } from './fail';
import { leastFrames, MAX_FRAMES } from './frame-count';
import type { HandlerChoice } from './handler-plan';
import { checkHandler, renderArguments } from './handler-plan';
import type { InstanceFacts } from './instance-facts';
import { knownInstanceFamilies } from './instance-facts';
import type { AdditionalInterfacePlan } from './interface-plan';
import { decideAdditional, decideInterface } from './interface-plan';
import { isIpv4 } from './ipv4';
import { decideMemory } from './memory-plan';
import type { PlanValues } from './plan-keys';
import { PLAN_VERSION } from './plan-keys';
import { decideTuning } from './tuning-plan';
import type { Library, Versions } from './versions';
import { installableVersions, newer, STANDARD_VERSIONS } from './versions';

/*
 * Seam 1: every decision about the host, as a pure function of plain values: no construct, no token. What is left out
 * of the input is decided here; what cannot work is reported in the user's words.
 */

export type Plane = 'kernel' | 'xdp' | 'afxdp' | 'dpdk';

export interface PlaneChoice {
  readonly plane: Plane;
  readonly flows: readonly { readonly address: string; readonly port: number }[];
  readonly handler: HandlerChoice;
  readonly queues?: number;
  readonly rxRing?: number;
  readonly txRing?: number;
  readonly frames?: number;
  readonly burst?: number;
  readonly pollMode?: 'spin' | 'busy-poll' | 'wakeup';
  readonly busyPollMicros?: number;
  readonly socketBufferKiB?: number;
  readonly xdpMode?: 'native' | 'generic';
  readonly requireZeroCopy?: boolean;
  readonly unmatched?: 'pass' | 'drop';
  readonly nicDriver?: 'auto' | 'vfio-pci' | 'igb_uio' | 'uio_pci_generic' | 'vfio-noiommu';
  readonly dpdkVersion?: string;
  readonly libxdpVersion?: string;
}

export interface InterfaceChoice {
  readonly networkCard?: number;
  readonly deviceIndex?: number;
  readonly mtu?: number;
  readonly queueCount?: number;
  readonly enaExpress?: boolean;
  readonly udpTimeoutSeconds?: number;
  readonly udpStreamTimeoutSeconds?: number;
  readonly privateIpAddress?: string;
  /** It is there already, with its address, groups and timeouts. */
  readonly existing?: boolean;
}

export interface CoreChoice {
  readonly numaNode?: number;
  readonly housekeepingCount?: number;
  readonly lists?: { readonly receive: string; readonly housekeeping: string; readonly isolated?: string };
}

export interface TuningChoice {
  readonly isolateCores?: boolean;
  readonly limitCStates?: boolean;
  readonly kernelArguments?: readonly string[];
  /** False where the system stays as it comes. */
  readonly ownSettings: boolean;
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly hugePageSize?: '2MiB' | '1GiB';
  readonly hugePagesPerNode?: number;
  readonly interruptModerationMicros?: number;
  readonly maxJitterMicros?: number;
  readonly jitterSeconds?: number;
}

export interface OsChoice {
  readonly name: string;
  /** Its images carry Amazon's ENA driver: AF_XDP zero-copy, and from 2.17 XDP on all queues. */
  readonly amazonDriver: boolean;
}

export interface PlanInput {
  readonly name: string;
  readonly os: OsChoice;
  readonly instanceType: string;
  readonly facts?: InstanceFacts;
  readonly threadsPerCore: number;
  readonly dataPlane: PlaneChoice;
  readonly dataInterface: InterfaceChoice;
  /** ENIs beside it, which the receiver does not use. */
  readonly additionalInterfaces?: readonly InterfaceChoice[];
  readonly cores: CoreChoice;
  readonly tuning: TuningChoice;
  readonly bootTimeoutSeconds: number;
  readonly packageBaseUrl: string;
  readonly prometheusPort: number;
  /** 0 where nobody replaces a host. */
  readonly unhealthyAfterSeconds?: number;
  /** Those of the image, where there is one. */
  readonly versions?: Versions;
}

/** What only the stack knows. */
export type DeployTimeKey = 'KB_SIGNAL_URL' | 'KB_REGION' | 'KB_ASSET_URL' | 'KB_ASSET_SHA256';

export interface HostPlan {
  readonly values: Omit<PlanValues, DeployTimeKey>;
  /** What the launch template needs to know of the decisions. */
  readonly launch: {
    /** Set where threads are switched off. EC2 takes CpuOptions with both numbers or none. */
    readonly cpuOptions?: { readonly coreCount: number; readonly threadsPerCore: number };
    readonly networkCard: number;
    readonly deviceIndex: number;
    /** Set where it is not the instance type's default. */
    readonly enaQueueCount?: number;
    readonly additional: readonly AdditionalInterfacePlan[];
  };
}

/** What works, but not as one might think; the id is what users acknowledge. */
export interface PlanWarning {
  readonly id: string;
  readonly message: string;
}

export type PlanOutcome =
  | { readonly plan: HostPlan; readonly findings: readonly []; readonly warnings: readonly PlanWarning[] }
  | { readonly plan?: undefined; readonly findings: readonly string[] };

const WITH_XDP: ReadonlySet<Plane> = new Set<Plane>(['xdp', 'afxdp']);
const ON_SOCKETS: ReadonlySet<Plane> = new Set<Plane>(['kernel', 'xdp']);

// 4096 descriptors ride out 40 ms of 100,000 packets/s; ENA takes up to 16384.
const RX_RING = 4096;
// Nitro v4 and later use large LLQ headers, which leave 512 TX descriptors.
const TX_RING = 512;
// 16 MiB of socket buffer: about 20,000 small datagrams with their overhead.
const SOCKET_BUFFER_KIB = 16384;
// Before 2.17 XDP could use half the queues only.
const ENA_XDP_ON_ALL_QUEUES = '2.17.0';
// include/kb/flow.h: one cache-resident scan.
const MAX_FLOWS = 64;

export function planFor(input: PlanInput): PlanOutcome {
  const findings = new Findings();
  const { facts, dataPlane } = input;
  if (!facts) {
    findings.add(`'instanceType' ${input.instanceType} is not a type this library knows; use one of the families `
      + `${knownInstanceFamilies().join(', ')}, or describe it with 'instanceCapabilities': InstanceCapabilities.of({...})`);
    return { findings: findings.list };
  }
  checkFacts(facts, findings);
  if (findings.list.length > 0) {
    return { findings: findings.list };
  }

  // What stands by itself first; cores, memory and tuning follow from it and would only repeat its faults.
  const { plane } = dataPlane;
  const threads = decideThreads(input, facts, findings);
  const queues = dataPlane.queues ?? 1;
  const nic = decideInterface(input.dataInterface, facts, plane, queues, findings);
  const additional = decideAdditional(input.additionalInterfaces ?? [], nic, facts, findings);
  const rings = decideRings(dataPlane, findings);
  const socketBufferKiB = dataPlane.socketBufferKiB ?? SOCKET_BUFFER_KIB;
  range(findings, 'socketBuffer in KiB', socketBufferKiB, 64, 1048575); // the receiver's own bounds
  const busyPoll = dataPlane.busyPollMicros ?? defaultBusyPoll(plane);
  range(findings, 'busyPollMicros', busyPoll, 0, 1000);
  const pollMode = decidePollMode(dataPlane, busyPoll, findings);
  const zeroCopy = decideZeroCopy(dataPlane, input.os, findings);
  const standard = input.versions ?? STANDARD_VERSIONS;
  const dpdkVersion = decideVersion('dpdk', dataPlane.dpdkVersion, standard.dpdk, plane === 'dpdk', input.os.name, findings);
  const libxdpDefault = input.versions || input.os.name === 'al2023' ? standard.libxdp : 'distro'; // AL2023 has no such package
  const libxdpVersion = decideVersion(
    'libxdp', dataPlane.libxdpVersion, libxdpDefault, WITH_XDP.has(plane), input.os.name, findings);
  checkVersions(input, findings);
  checkFlows(dataPlane, findings);
  checkHandler(dataPlane.handler, findings);
  findings.check(queues === 1 || dataPlane.handler.name !== 'feed' || !dataPlane.handler.args.lines?.includes(','),
    `'lines' are arbitrated in one queue, and 'queues' is ${queues}: leave 'queues' at 1`);
  checkNicDriver(dataPlane, facts, findings);
  checkXdpQueues(plane, input.os, queues, nic.eniQueues, findings);
  range(findings, 'bootTimeout in seconds', input.bootTimeoutSeconds, 600, 43200); // a wait condition's own maximum
  if (input.unhealthyAfterSeconds) {
    range(findings, 'unhealthyAfter in seconds', input.unhealthyAfterSeconds, 30, 3600);
  }
  if (input.prometheusPort !== 0) {
    range(findings, 'prometheusPort', input.prometheusPort, 1024, 65535);
  }
  if (findings.list.length > 0) {
    return { findings: findings.list };
  }
  const cores = decideCores(input.cores, facts, threads, queues, nic.networkCard, findings);
  const memory = decideMemory(input.tuning, facts, dataPlane, queues, rings.frames, nic.mtu, findings);
  const tuning = decideTuning(
    input.tuning, facts, threads, plane, cores, memory, socketBufferKiB, multicastGroups(dataPlane).length > 0, findings);
  if (findings.list.length > 0) {
    return { findings: findings.list };
  }

  return {
    findings: [],
    warnings: warningsFor(input, zeroCopy),
    plan: {
      launch: {
        cpuOptions: facts.metal || threads === facts.threadsPerCore ? undefined : { coreCount: facts.cores, threadsPerCore: threads },
        networkCard: nic.networkCard,
        deviceIndex: nic.deviceIndex,
        enaQueueCount: nic.enaQueueCount,
        additional,
      },
      values: {
        KB_PLAN_VERSION: PLAN_VERSION,
        KB_NAME: input.name,
        KB_OS: input.os.name,
        KB_INSTANCE_TYPE: input.instanceType,
        KB_PLANE: plane,
        KB_FLOWS: dataPlane.flows.map(flow => `udp:${flow.address}:${flow.port}`).join(','),
        KB_HANDLER: dataPlane.handler.name,
        KB_HANDLER_ARGS: renderArguments(dataPlane.handler.args),
        KB_DATA_DEVICE: `${nic.deviceIndex}`,
        KB_DATA_CARD: `${nic.networkCard}`,
        KB_QUEUES: `${queues}`,
        KB_RX_CORES: cores.receive.join(','), // one per queue, so in the queues' order
        KB_HOUSEKEEPING_CORES: cores.housekeepingList,
        KB_ISOLATED_CORES: tuning.isolatedList,
        KB_MTU: `${nic.mtu}`,
        KB_RX_RING: `${rings.rx}`,
        KB_TX_RING: `${rings.tx}`,
        KB_FRAMES: `${rings.frames}`,
        KB_BURST: `${rings.burst}`,
        KB_SOCKET_BUFFER_KB: `${socketBufferKiB}`,
        KB_BUSY_POLL_US: `${busyPoll}`,
        KB_POLL_MODE: pollMode,
        KB_XDP_MODE: dataPlane.xdpMode ?? 'native',
        KB_ZERO_COPY: zeroCopy,
        KB_UNMATCHED: dataPlane.unmatched ?? 'pass',
        KB_HUGEPAGE_KB: `${memory.pageKiB}`,
        KB_HUGEPAGES_PER_NODE: `${memory.pagesPerNode}`,
        KB_KERNEL_ARGS: tuning.kernelArgs,
        KB_NIC_DRIVER: plane === 'dpdk' ? dataPlane.nicDriver ?? 'auto' : 'kernel',
        KB_IRQ_COALESCE_US: `${tuning.interruptModerationMicros}`,
        KB_SYSCTLS: tuning.sysctls,
        KB_DPDK_VERSION: dpdkVersion,
        KB_LIBXDP_VERSION: libxdpVersion,
        KB_PACKAGE_BASE_URL: input.packageBaseUrl,
        KB_ENA_MIN_VERSION: enaMinVersion(input, zeroCopy, queues, nic.eniQueues),
        KB_KERNEL: input.versions?.kernel ?? '',
        KB_JITTER_MAX_US: `${tuning.maxJitterMicros}`,
        KB_JITTER_SECONDS: `${tuning.jitterSeconds}`,
        KB_STATS_PAGE: '/run/kb/stats',
        KB_STATSD: '127.0.0.1:8125',
        KB_STATS_INTERVAL_MS: '1000',
        KB_HEALTH_SECONDS: `${input.unhealthyAfterSeconds ?? 0}`,
        KB_PROMETHEUS_PORT: `${input.prometheusPort}`,
      },
    },
  };
}

function decideThreads(input: PlanInput, facts: InstanceFacts, findings: Findings): number {
  const { threadsPerCore } = input;
  if (threadsPerCore !== 1 && threadsPerCore !== facts.threadsPerCore) {
    const allowed = facts.threadsPerCore === 1 ? '1' : '1 or 2';
    findings.add(`'threadsPerCore' must be ${allowed} on ${facts.instanceType}, got ${threadsPerCore}`);
    return 1;
  }
  return threadsPerCore;
}

function decideRings(choice: PlaneChoice, findings: Findings) {
  const rx = choice.rxRing ?? RX_RING;
  const tx = choice.txRing ?? TX_RING;
  const burst = choice.burst ?? 64; // two cache lines of descriptors at most stay hot
  const ring = (name: string, value: number, max: number) =>
    findings.check(isPowerOfTwo(value) && value >= 128 && value <= max,
      `'${name}' must be a power of two between 128 and ${max}, got ${value}`);
  const ringsAreGood = [ring('rxRing', rx, 16384), ring('txRing', tx, 1024)].every(Boolean);
  if (!range(findings, 'burst', burst, 1, 256) || !ringsAreGood) {
    return { rx, tx, burst, frames: choice.frames ?? 0 };
  }
  if (!ON_SOCKETS.has(choice.plane)) {
    findings.check(burst <= rx, `'burst' must be at most 'rxRing' (${rx}), got ${burst}`);
  }
  const least = leastFrames(choice.plane, rx, tx, burst);
  const frames = choice.frames ?? least;
  findings.check(isPowerOfTwo(frames) && frames >= least && frames <= MAX_FRAMES,
    `'${choice.plane === 'dpdk' ? 'mbufsPerQueue' : 'framesPerQueue'}' must be a power of two between ${least} and ${MAX_FRAMES} `
    + `with an 'rxRing' of ${rx}, a 'txRing' of ${tx} and a 'burst' of ${burst}, got ${frames}`);
  return { rx, tx, burst, frames };
}

function decidePollMode(dataPlane: PlaneChoice, busyPollMicros: number, findings: Findings): string {
  const { plane } = dataPlane;
  const pollMode = dataPlane.pollMode ?? (plane === 'afxdp' ? 'busy-poll' : 'spin');
  if (plane === 'dpdk' && pollMode !== 'spin') {
    findings.add(`'pollMode' must be spin with dpdk, whose driver has nothing to sleep on, got ${pollMode}`);
  }
  if (pollMode === 'busy-poll' && busyPollMicros === 0) {
    findings.add("'busyPollMicros' must be between 1 and 1000 with 'pollMode' busy-poll, got 0");
  }
  return pollMode;
}

function checkFlows({ flows }: PlaneChoice, findings: Findings): void {
  if (!findings.check(flows.length >= 1 && flows.length <= MAX_FLOWS,
    `'flows' must have between 1 and ${MAX_FLOWS} entries, got ${flows.length}`)) {
    return;
  }
  const seen = new Set<string>();
  for (const { address, port } of flows) {
    range(findings, 'port', port, 1, 65535);
    findings.check(address === '*' || isIpv4(address),
      `'address' must be an IPv4 address such as 10.0.1.5 or 239.1.1.1, got '${address}'`);
    const text = `${address}:${port}`;
    findings.check(!seen.has(text), `'flows' has ${text} twice`);
    seen.add(text);
  }
}

function decideZeroCopy(choice: PlaneChoice, os: OsChoice, findings: Findings): 'require' | 'auto' | 'never' {
  if (choice.plane !== 'afxdp') {
    return 'auto';
  }
  if (choice.xdpMode === 'generic') {
    findings.check(choice.requireZeroCopy !== true, "'requireZeroCopy' needs XDP mode native, got generic");
    return 'never';
  }
  return choice.requireZeroCopy ?? os.amazonDriver ? 'require' : 'auto';
}

/** A version nobody asked for stays `distro` on planes that do not use it, so that our next default replaces no host. */
function decideVersion(
  library: Library, asked: string | undefined, standard: string, used: boolean, os: string, findings: Findings,
): string {
  const version = asked ?? (used ? standard : 'distro');
  const installable = installableVersions(library, os);
  findings.check(installable.includes(version) || (asked === undefined && !used),
    `'${library}Version' must be ${installable.join(' or ')} on ${os}, got '${version}'`);
  return version;
}

/** An image holds one version of each library. */
function checkVersions({ versions, dataPlane }: PlanInput, findings: Findings): void {
  const { dpdkVersion, libxdpVersion } = dataPlane;
  for (const [name, asked, baked] of [['dpdkVersion', dpdkVersion, versions?.dpdk], ['libxdpVersion', libxdpVersion, versions?.libxdp]]) {
    findings.check(asked === undefined || baked === undefined || asked === baked,
      `'${name}' must be ${baked} as in the image's versions ${versions?.name}, got ${asked}; leave it out`);
  }
}

function defaultBusyPoll(plane: Plane): number {
  if (ON_SOCKETS.has(plane)) {
    return 50; // net.core.busy_poll as ENA's guide for low latency has it, rounded
  }
  return plane === 'afxdp' ? 20 : 0; // 20: what the kernel's AF_XDP documentation uses
}

function checkNicDriver({ plane, nicDriver }: PlaneChoice, facts: InstanceFacts, findings: Findings): void {
  if (plane === 'dpdk' && nicDriver === 'vfio-pci') {
    findings.check(facts.metal, `'nicDriver' vfio-pci needs an IOMMU, which ${facts.instanceType} does not have; `
      + 'use auto, igb_uio or vfio-noiommu, or a metal instance');
  }
}

/** The kernel's own ENA driver keeps every second queue of an ENI for what XDP programs send. */
function checkXdpQueues(plane: Plane, os: OsChoice, queues: number, eniQueues: number, findings: Findings): void {
  if (WITH_XDP.has(plane) && !os.amazonDriver) {
    findings.check(2 * queues <= eniQueues, `'queues' must be at most ${Math.floor(eniQueues / 2)} with XDP on ${os.name}, `
      + `whose ENA driver leaves half of the ENI's ${eniQueues} queues to XDP, got ${queues}; Amazon Linux 2023 has no such limit`);
  }
}

function multicastGroups({ flows }: PlaneChoice): string[] {
  return flows.filter(({ address }) => /^2(2[4-9]|3\d)\./.test(address)).map(({ address }) => address);
}

function warningsFor({ os, dataPlane, dataInterface, additionalInterfaces = [] }: PlanInput, zeroCopy: string): PlanWarning[] {
  const warnings: PlanWarning[] = [];
  if (dataPlane.plane === 'afxdp' && !os.amazonDriver) {
    warnings.push(zeroCopy === 'require'
      ? { id: 'zeroCopyDriver', message: `images of ${os.name} carry no ENA driver with AF_XDP zero-copy, which you require: `
          + 'the deployment fails unless your own image has one' }
      : { id: 'copyMode', message: `AF_XDP on ${os.name} copies every packet: only Amazon Linux carries an ENA driver with zero-copy` });
  }
  const interfaces = [dataInterface, ...additionalInterfaces];
  if (interfaces.some(({ existing, privateIpAddress }) => existing || privateIpAddress !== undefined)) {
    warnings.push({ id: 'fixedAddress', message: 'an ENI or address of its own is in use until the old host is gone, and CloudFormation starts the '
      + 'new one first: a change that replaces this host fails. Take the host out of the stack in one deployment and put it back in the next' });
  }
  if (interfaces.some(({ enaExpress }) => enaExpress)) {
    warnings.push({ id: 'enaExpressLatency', message: 'ENA Express adds tens of microseconds under light load' });
  }
  const groups = multicastGroups(dataPlane);
  if (groups.length > 0) {
    warnings.push({ id: 'multicast', message: `a VPC delivers multicast (${groups.join(', ')}) only through a transit gateway `
      + 'multicast domain with this ENI as a member' });
  }
  return warnings;
}

function enaMinVersion({ os, versions, dataPlane: { plane } }: PlanInput, zeroCopy: string, queues: number, eniQueues: number): string {
  const ofImage = os.amazonDriver ? versions?.ena ?? '' : ''; // other drivers have no such version
  if (WITH_XDP.has(plane) && 2 * queues > eniQueues) {
    return newer(ofImage, ENA_XDP_ON_ALL_QUEUES);
  }
  return plane === 'afxdp' && zeroCopy === 'require' ? newer(ofImage, STANDARD_VERSIONS.ena) : ofImage;
}
