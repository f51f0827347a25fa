// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as cdk from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type {
  CoreLists, CostGuardProps, DataInterfaceOptions, HostImageProps, HostTuningOptions, InstanceCapabilitiesOptions, KernelDataPlaneOptions,
  LowLatencyFleetProps, LowLatencyInstanceProps, MulticastDomainProps, PartitionedFleetProps, RssPlanProps,
} from '../../lib';
import {
  CapacityReservation, CoreLayout, CostGuard, DataInterface, DataPlane, DataPlaneKind, FleetUpdate, HostImage, HostOs, HostTuning, HostVersions, HugePageSize,
  InstanceCapabilities, LatencyDashboard, LowLatencyFleet, LowLatencyInstance, MulticastDomain, NicDriver, PacketHandler, PartitionedFleet,
  PollMode, RssHash, RssPlan, SequenceFormat, Technology, UdpFlow, XdpMode,
} from '../../lib';
import { expandCores } from '../../lib/private/core-counts';
import { knownInstanceFamilies } from '../../lib/private/instance-facts';
import { INSTANCE_TABLE } from '../../lib/private/instance-table';
import { LOST_CAUSES } from '../../lib/private/metric-names';
import { packageRoot } from '../../lib/private/package-root';
import { tar } from '../../lib/private/tar';
import { refusals } from './fixtures/refusals';
import { demoStack } from './fixtures/stack';

/*
 * Every way to be refused, with the sentence. The last test reads all sentences from the sources: one that is added
 * there needs a line here.
 */

const token = cdk.Token.asNumber({ Ref: 'Number' });
const type = (name: string) => new ec2.InstanceType(name);
const CARD = { maximumNetworkInterfaces: 3, defaultEnaQueueCount: 4 };
const MEASURED = { dataPlane: DataPlaneKind.DPDK, p99Micros: 20, packetsPerSecond: 100_000 };
const HANDLER = path.join(packageRoot(), 'assets/dataplane/src/handlers/count');
const SUBNET = ec2.Subnet.fromSubnetId(new cdk.Stack(), 'Elsewhere', 'subnet-1');
const PARTITION = { name: 'A', flows: [UdpFlow.port(1)] };
const KEY = Array<string>(40).fill('00').join(':');
const RSS_FLOW = { sourceAddress: '10.0.0.1', sourcePort: 1, destinationAddress: '10.0.0.2', destinationPort: 2 };

function feed(props: Partial<LowLatencyInstanceProps>) {
  const { stack, vpc } = demoStack();
  return new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.dpdk(), ...props });
}
function own(capabilities: Partial<InstanceCapabilitiesOptions>) {
  const instanceCapabilities = InstanceCapabilities.of({ cores: 8, memory: cdk.Size.gibibytes(32), networkCards: [CARD], ...capabilities });
  return feed({ instanceType: type('c99.large'), instanceCapabilities });
}
function inHandlerFolder(spoil: (folder: string) => void) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-handler-'));
  try {
    ['kb_handler.c', 'day.pcap'].forEach(file => fs.writeFileSync(path.join(folder, file), ''));
    spoil(folder);
    return handler(PacketHandler.fromAsset(folder));
  } catch (error) {
    throw new Error((error as Error).message.replaceAll(folder, 'FOLDER'));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
const kernel = (options: KernelDataPlaneOptions, coreLayout?: CoreLayout) => feed({ dataPlane: DataPlane.kernel(options), coreLayout });
const handler = (what: PacketHandler) => kernel({ handler: what });
const nic = (options: DataInterfaceOptions, dataPlane = DataPlane.kernel(), instanceType?: ec2.InstanceType) =>
  feed({ dataPlane, dataInterface: DataInterface.of(options), instanceType });
const cores = (lists: CoreLists) => feed({ coreLayout: CoreLayout.of(lists) });
const tune = (options: HostTuningOptions, dataPlane = DataPlane.dpdk()) => feed({ dataPlane, tuning: HostTuning.custom(options) });
function inZones(zone: string, privateIpAddress?: string) {
  const stack = new cdk.Stack(undefined, 'Demo');
  const subnet = (id: string, availabilityZone: string) =>
    ec2.Subnet.fromSubnetAttributes(stack, id, { subnetId: id, availabilityZone, ipv4CidrBlock: '10.0.1.0/24' });
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['eu-west-1a'] });
  return new LowLatencyInstance(stack, 'Feed', {
    vpc, vpcSubnets: { subnets: [subnet('Management', 'eu-west-1a')] }, dataPlane: DataPlane.kernel(),
    dataInterface: DataInterface.of({ subnet: subnet('Data', zone), privateIpAddress }),
  });
}
function inNumberedZones(props: (subnets: ec2.ISubnet[]) => Partial<LowLatencyInstanceProps>) {
  const stack = new cdk.Stack(undefined, 'Demo');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  return new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.kernel(), ...props(vpc.privateSubnets) });
}
function fleet(props: Partial<LowLatencyFleetProps>) {
  const { stack, vpc } = demoStack();
  return new LowLatencyFleet(stack, 'Feeds', { vpc, dataPlane: DataPlane.kernel(), ...props });
}
function partitioned(props: Partial<PartitionedFleetProps> = {}) {
  const { stack, vpc } = demoStack();
  return new PartitionedFleet(stack, 'Feeds', { vpc, dataPlane: DataPlane.kernel(), partitions: [PARTITION], ...props });
}
function image(props: Partial<HostImageProps> = {}) {
  const { stack, vpc } = demoStack();
  return new HostImage(stack, 'Image', { vpc, dataPlane: DataPlane.dpdk(), ...props });
}
function baked(props: Partial<LowLatencyInstanceProps>) {
  const { stack, vpc } = demoStack();
  const dataPlane = DataPlane.dpdk();
  return new LowLatencyInstance(stack, 'Feed', {
    vpc, dataPlane, image: HostImage.fromHostImageAttributes(stack, 'Image', { imageId: 'ami-11111111', dataPlane }), ...props,
  });
}
function multicast(props: Partial<MulticastDomainProps> = {}) {
  const { stack, vpc } = demoStack();
  return new MulticastDomain(stack, 'Multicast', { vpc, ...props });
}
const guard = (props: CostGuardProps, stack: cdk.StackProps = {}) => new CostGuard(new cdk.Stack(undefined, 'Demo', stack), 'Guard', props);
const rss = (props: Partial<RssPlanProps>) => new RssPlan({ queues: 2, flows: [RSS_FLOW], ...props });

const { SPREAD, PARTITION: PARTITION_GROUP } = ec2.PlacementGroupStrategy;
const group = (strategy: ec2.PlacementGroupStrategy) => new ec2.PlacementGroup(new cdk.Stack(), 'Group', { strategy });

const messageOf = (build: () => unknown): string => {
  try {
    build();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was refused';
};

const ROWS: string[] = [];

describe.each<[string, [() => unknown, string][]]>([
  ['types and what is said of them', [
    [() => feed({ instanceType: type('z9.large') }),
      `'instanceType' z9.large is not a type this library knows; use one of the families ${knownInstanceFamilies().join(', ')}, or describe it with 'instanceCapabilities': InstanceCapabilities.of({...}) (at Demo/Feed)`],
    [() => feed({ instanceType: type('c6in.large'), dataPlane: DataPlane.kernel({ queues: 3 }) }),
      "'queues' must be between 1 and 2 on c6in.large, got 3 (at Demo/Feed)"],
    [() => own({ cores: 0 }), "'cores' must be between 1 and 4096 in 'instanceCapabilities' of c99.large, got 0 (at Demo/Feed)"],
    [() => own({ threadsPerCore: 3 }), "'threadsPerCore' must be between 1 and 2 in 'instanceCapabilities' of c99.large, got 3 (at Demo/Feed)"],
    [() => own({ numaNodes: 0 }), "'numaNodes' must be between 1 and 8 in 'instanceCapabilities' of c99.large, got 0 (at Demo/Feed)"],
    [() => own({ memory: cdk.Size.mebibytes(0) }), "'memory' must be more than 0 in 'instanceCapabilities' of c99.large, got 0 GiB (at Demo/Feed)"],
    [() => own({ networkCards: [] }), "'networkCards' must have at least one entry in 'instanceCapabilities' of c99.large, got none (at Demo/Feed)"],
    [() => own({ networkCards: [{ ...CARD, maximumNetworkInterfaces: 0 }, CARD] }),
      "'maximumNetworkInterfaces' must be between 1 and 64 in 'instanceCapabilities' of c99.large, got 0 (at Demo/Feed)"],
    [() => own({ networkCards: [{ ...CARD, defaultEnaQueueCount: 0 }] }),
      "'defaultEnaQueueCount' must be between 1 and 1024 in 'instanceCapabilities' of c99.large, got 0 (at Demo/Feed)"],
    [() => own({ networkCards: [{ ...CARD, maximumEnaQueueCount: 2 }] }),
      "'maximumEnaQueueCount' must be between 4 and 1024 in 'instanceCapabilities' of c99.large, got 2 (at Demo/Feed)"],
    [() => own({ networkCards: [{ ...CARD, maximumNetworkInterfaces: 1 }] }),
      "'networkCards' must carry two ENIs, one for management and one for data in 'instanceCapabilities' of c99.large, got 1 (at Demo/Feed)"],
    [() => feed({ threadsPerCore: 3 }), "'threadsPerCore' must be 1 or 2 on c6in.32xlarge, got 3 (at Demo/Feed)"],
    [() => feed({ instanceType: type('c7gn.16xlarge'), threadsPerCore: 2 }), "'threadsPerCore' must be 1 on c7gn.16xlarge, got 2 (at Demo/Feed)"],
    [() => feed({ threadsPerCore: token }), "'threadsPerCore' must be known at synth, got a token (at Demo/Feed)"],
    [() => expandCores('x'), "'x' is not a list of core counts such as 4-64/2"],
    [() => expandCores('8-4'), "'8-4' is not a list of core counts such as 4-64/2"],
  ]],
  ['data planes', [
    [() => DataPlane.fromName('onload'),
      'Onload is not supported on ENA: it needs interfaces of Solarflare NICs that ENA does not have, and where it runs at all it is unstable and slower than plain sockets; use DPDK, AF_XDP or tuned kernel sockets'],
    [() => DataPlane.fromName('rdma'), "'dataPlane' must be one of kernel, xdp, afxdp or dpdk, got 'rdma'"],
    [() => DataPlane.recommend({ packetsPerSecond: 0 }), "'packetsPerSecond' must be between 1 and 1000000000, got 0"],
    [() => DataPlane.recommend({ packetsPerSecond: 1, p99Micros: 0 }), "'p99Micros' must be more than 0 and at most 1000000000, got 0"],
    [() => DataPlane.recommend({ packetsPerSecond: 1, technology: Technology.ONLOAD }),
      'Onload is not supported on ENA: it needs interfaces of Solarflare NICs that ENA does not have, and where it runs at all it is unstable and slower than plain sockets; use DPDK, AF_XDP or tuned kernel sockets'],
    [() => DataPlane.recommend({ packetsPerSecond: 1, measurements: [MEASURED, MEASURED] }), "'measurements' has dpdk twice"],
    [() => kernel({ queues: 0 }), "'queues' must be between 1 and 32 on c6in.32xlarge, got 0 (at Demo/Feed)"],
    [() => kernel({ flows: [] }), "'flows' must have between 1 and 64 entries, got 0 (at Demo/Feed)"],
    [() => kernel({ flows: [UdpFlow.port(0)] }), "'port' must be between 1 and 65535, got 0 (at Demo/Feed)"],
    [() => kernel({ flows: [UdpFlow.address('239.1.1', 7000)] }),
      "'address' must be an IPv4 address such as 10.0.1.5 or 239.1.1.1, got '239.1.1' (at Demo/Feed)"],
    [() => kernel({ flows: [UdpFlow.port(1), UdpFlow.port(1)] }), "'flows' has *:1 twice (at Demo/Feed)"],
    [() => kernel({ rxRing: 1000 }), "'rxRing' must be a power of two between 128 and 16384, got 1000 (at Demo/Feed)"],
    [() => kernel({ txRing: 2048 }), "'txRing' must be a power of two between 128 and 1024, got 2048 (at Demo/Feed)"],
    [() => kernel({ burst: 0 }), "'burst' must be between 1 and 256, got 0 (at Demo/Feed)"],
    [() => kernel({ busyPollMicros: 2000 }), "'busyPollMicros' must be between 0 and 1000, got 2000 (at Demo/Feed)"],
    [() => kernel({ socketBuffer: cdk.Size.kibibytes(1) }), "'socketBuffer in KiB' must be between 64 and 1048575, got 1 (at Demo/Feed)"],
    [() => kernel({ pollMode: PollMode.BUSY_POLL, busyPollMicros: 0 }),
      "'busyPollMicros' must be between 1 and 1000 with 'pollMode' busy-poll, got 0 (at Demo/Feed)"],
    [() => feed({ dataPlane: DataPlane.dpdk({ mbufsPerQueue: 4096 }) }),
      "'mbufsPerQueue' must be a power of two between 8192 and 1048576 with an 'rxRing' of 4096, a 'txRing' of 512 and a 'burst' of 64, got 4096 (at Demo/Feed)"],
    [() => feed({ dataPlane: DataPlane.afXdp({ rxRing: 256, framesPerQueue: 512 }) }),
      "'framesPerQueue' must be a power of two between 1024 and 1048576 with an 'rxRing' of 256, a 'txRing' of 512 and a 'burst' of 64, got 512 (at Demo/Feed)"],
    [() => feed({ dataPlane: DataPlane.afXdp({ rxRing: 128, burst: 256 }) }), "'burst' must be at most 'rxRing' (128), got 256 (at Demo/Feed)"],
    [() => feed({ dataPlane: DataPlane.dpdk({ pollMode: PollMode.WAKEUP }) }),
      "'pollMode' must be spin with dpdk, whose driver has nothing to sleep on, got wakeup (at Demo/Feed)"],
    [() => feed({ dataPlane: DataPlane.dpdk({ dpdkVersion: 'newest' }) }),
      "'dpdkVersion' must be 25.11.4 on al2023, got 'newest' (at Demo/Feed)"],
    [() => feed({ dataPlane: DataPlane.dpdk({ dpdkVersion: '22.11' }), os: HostOs.debian13() }),
      "'dpdkVersion' must be distro or 25.11.4 on debian13, got '22.11' (at Demo/Feed)"],
    [() => feed({ dataPlane: DataPlane.afXdp({ libxdpVersion: '1.4.0' }) }), "'libxdpVersion' must be 1.6.3 on al2023, got '1.4.0' (at Demo/Feed)"],
    [() => feed({ dataPlane: DataPlane.xdp({ libxdpVersion: 'distro' }) }), "'libxdpVersion' must be 1.6.3 on al2023, got 'distro' (at Demo/Feed)"],
    [() => feed({ dataPlane: DataPlane.dpdk({ nicDriver: NicDriver.VFIO_PCI }) }),
      "'nicDriver' vfio-pci needs an IOMMU, which c6in.32xlarge does not have; use auto, igb_uio or vfio-noiommu, or a metal instance (at Demo/Feed)"],
    [() => feed({ dataPlane: DataPlane.afXdp({ xdpMode: XdpMode.GENERIC, requireZeroCopy: true }) }),
      "'requireZeroCopy' needs XDP mode native, got generic (at Demo/Feed)"],
    [() => feed({ dataPlane: DataPlane.xdp({ queues: 17 }), os: HostOs.debian13() }),
      "'queues' must be at most 16 with XDP on debian13, whose ENA driver leaves half of the ENI's 32 queues to XDP, got 17; Amazon Linux 2023 has no such limit (at Demo/Feed)"],
  ]],
  ['handlers', [
    [() => handler(PacketHandler.feed({ format: SequenceFormat.raw({ offset: 9000 }) })),
      "'offset' must be between 0 and 8964, got 9000 (at Demo/Feed)"],
    [() => handler(PacketHandler.feed({ format: SequenceFormat.raw({ offset: 0, bytes: 2 }) })), "'bytes' must be 4 or 8, got 2 (at Demo/Feed)"],
    [() => handler(PacketHandler.feed({ lines: [] })), "'lines' must have between 1 and 4 ports, got 0 (at Demo/Feed)"],
    [() => feed({ instanceName: 'a'.repeat(128) }), `'instanceName' must be 1 to 127 letters, digits, '.', '_' and '-', got '${'a'.repeat(128)}' (at Demo/Feed)`],
    [() => feed({ instanceName: cdk.Fn.importValue('Name') }), "'instanceName' must be known at synth, got a token (at Demo/Feed)"],
    [() => {
      const one = feed({ instanceName: 'one' });
      return new LowLatencyInstance(cdk.Stack.of(one), 'Second', { vpc: demoStack().vpc, dataPlane: DataPlane.dpdk(), instanceName: 'one' });
    }, "'instanceName' must differ from that of Demo/Feed, or both publish into one metric, got 'one' (at Demo/Second)"],
    [() => feed({}).metricPacketsLostBy('nic_overun'), `'cause' must be one of ${LOST_CAUSES.join(', ')}, got 'nic_overun' (at Demo/Feed)`],
    [() => kernel({ queues: 2, handler: PacketHandler.feed({ lines: [9000, 9001] }) }),
      "'lines' are arbitrated in one queue, and 'queues' is 2: leave 'queues' at 1 (at Demo/Feed)"],
    [() => handler(PacketHandler.feed({ lines: [0] })), "'lines' must be between 1 and 65535, got 0 (at Demo/Feed)"],
    [() => handler(PacketHandler.feed({ reorderMicros: -1 })), "'reorderMicros' must be between 0 and 10000000, got -1 (at Demo/Feed)"],
    [() => handler(PacketHandler.ring({ path: 'ring' })), "'path' must be an absolute path of at most 191 characters, got 'ring' (at Demo/Feed)"],
    [() => handler(PacketHandler.ring({ capacity: cdk.Size.kibibytes(100) })),
      "'capacity' must be a power of two between 64 KiB and 1 GiB, got 100 KiB (at Demo/Feed)"],
    [() => handler(PacketHandler.fanout({})), "a fan-out needs either 'subscribers' or a 'subscribersFile' (at Demo/Feed)"],
    [() => handler(PacketHandler.fanout({ subscribers: [{ address: 'here', port: 1 }] })),
      "'address' of a subscriber must be an IPv4 address, got 'here' (at Demo/Feed)"],
    [() => handler(PacketHandler.fanout({ subscribers: [{ address: '10.0.0.1', port: 0 }] })),
      "'port' must be between 1 and 65535, got 0 (at Demo/Feed)"],
    [() => handler(PacketHandler.fanout({ subscribersFile: 'list' })),
      "'subscribersFile' must be an absolute path on the host, got 'list' (at Demo/Feed)"],
    [() => handler(PacketHandler.fanout({ subscribersFile: '/list', fromPort: 0 })), "'fromPort' must be between 1 and 65535, got 0 (at Demo/Feed)"],
    [() => handler(PacketHandler.fanout({ subscribers: Array.from({ length: 40 }, (_, i) => ({ address: '10.100.100.100', port: 60000 + i })) })),
      "the arguments of the handler may have at most 511 characters, got 842; give so many subscribers in a 'subscribersFile' (at Demo/Feed)"],
    [() => handler(PacketHandler.fromAsset(HANDLER, { arguments: { 'A b': '1' } })),
      "an argument of the handler must be named by lower-case letters, digits, '-' and '_', got 'A b' (at Demo/Feed)"],
    [() => handler(PacketHandler.fromAsset(HANDLER, { arguments: { a: '1 2' } })),
      `argument 'a' of the handler must hold no space, control character, quote, '$' or '\\', got "1 2" (at Demo/Feed)`],
    [() => handler(PacketHandler.fromAsset('no-such-folder')),
      `PacketHandler.fromAsset needs a directory that holds kb_handler.c, got "no-such-folder" (${path.resolve('no-such-folder')}) (at Demo/Feed)`],
    [() => inHandlerFolder(folder => fs.truncateSync(path.join(folder, 'day.pcap'), 500 * 2 ** 20)),
      'PacketHandler.fromAsset takes at most 16 MiB of sources from "FOLDER", got 500.0 MiB, of which day.pcap has 500.0 MiB; keep sources and nothing else in the directory (at Demo/Feed)'],
    [() => inHandlerFolder(folder => fs.symlinkSync('nowhere', path.join(folder, 'book.h'))),
      'PacketHandler.fromAsset takes files and directories, got "FOLDER/book.h", which is a link to nothing (at Demo/Feed)'],
    [() => inHandlerFolder(folder => fs.symlinkSync('.', path.join(folder, 'again'))),
      'PacketHandler.fromAsset takes files and directories, got "FOLDER/again", which is a link to a directory around it (at Demo/Feed)'],
    [() => inHandlerFolder(folder => execFileSync('mkfifo', [path.join(folder, 'pipe')])),
      'PacketHandler.fromAsset takes files and directories, got "FOLDER/pipe", which is neither (at Demo/Feed)'],
  ]],
  ['interfaces', [
    [() => nic({ mtu: 100 }), "'mtu' must be between 576 and 9001, got 100 (at Demo/Feed)"],
    [() => nic({ mtu: 9001 }, DataPlane.xdp()), "'mtu' must be at most 3498 with XDP, one buffer per frame, got 9001 (at Demo/Feed)"],
    [() => nic({ mtu: 9001, enaExpress: true }), "'mtu' must be at most 8900 with ENA Express, got 9001 (at Demo/Feed)"],
    [() => nic({ networkCard: 2 }), "'networkCard' must be between 0 and 1 on c6in.32xlarge, got 2 (at Demo/Feed)"],
    [() => nic({ deviceIndex: 0 }), "'deviceIndex' 0 is taken by the management ENI; give the data interface 1 or more (at Demo/Feed)"],
    [() => nic({ deviceIndex: 16 }), "'deviceIndex' must be between 1 and 15 on c6in.32xlarge, got 16 (at Demo/Feed)"],
    [() => nic({ queueCount: 3 }), "'queueCount' must be a power of two up to 32 on c6in.32xlarge, got 3 (at Demo/Feed)"],
    [() => nic({ queueCount: 2 }, DataPlane.kernel({ queues: 4 })), "'queueCount' must be at least 'queues' (4), got 2 (at Demo/Feed)"],
    [() => nic({ queueCount: 4 }, DataPlane.kernel(), type('c7gn.16xlarge')),
      "'queueCount' cannot be chosen on c7gn.16xlarge, whose ENIs have 32 queues; got 4 (at Demo/Feed)"],
    [() => nic({ enaExpress: true }, DataPlane.kernel(), type('c5n.large')), "'enaExpress' is not supported by c5n.large (at Demo/Feed)"],
    [() => nic({ udpTimeout: cdk.Duration.seconds(10) }), "'udpTimeout in seconds' must be between 30 and 60, got 10 (at Demo/Feed)"],
    [() => nic({ udpStreamTimeout: cdk.Duration.seconds(10) }), "'udpStreamTimeout in seconds' must be between 60 and 180, got 10 (at Demo/Feed)"],
    [() => nic({ privateIpAddress: '10.0.0' }), "'privateIpAddress' must be an IPv4 address of the subnet, got '10.0.0' (at Demo/Feed)"],
    [() => feed({ additionalInterfaces: [DataInterface.of({ deviceIndex: 1 })] }), "'deviceIndex' 1 is given to two interfaces (at Demo/Feed)"],
    [() => feed({ additionalInterfaces: [DataInterface.of({ mtu: 1500 })] }),
      "'mtu' is for the interface of the receiver, got 1500 for an additional one, which the system configures (at Demo/Feed)"],
    [() => feed({ additionalInterfaces: Array.from({ length: 8 }, () => DataInterface.of()) }),
      'network card 1 of c6in.32xlarge carries at most 8 ENIs, got 9 (at Demo/Feed)'],
    [() => feed({ instanceType: type('c6i.8xlarge'), additionalInterfaces: [32, 32].map(queueCount => DataInterface.of({ queueCount })) }),
      "the ENIs of network card 0 of c6i.8xlarge may have 64 queues together, got 80; lower a 'queueCount' (at Demo/Feed)"],
    [() => inZones('eu-west-1b'),
      'the subnet of the data interface must be in the Availability Zone of the instance, eu-west-1a, got eu-west-1b (at Demo/Feed)'],
    [() => inNumberedZones(subnets => ({ dataInterface: DataInterface.of({ subnet: subnets[1] }) })),
      'the subnet of the data interface must be in the Availability Zone of the instance, zone 0 of the region, got zone 1 of the region (at Demo/Feed)'],
    [() => inNumberedZones(subnets => ({ additionalInterfaces: [DataInterface.of({ subnet: subnets[0] }), DataInterface.of({ subnet: subnets[1] })] })),
      'the subnet of additional interface 2 must be in the Availability Zone of the instance, zone 0 of the region, got zone 1 of the region (at Demo/Feed)'],
    [() => inZones('eu-west-1a', '10.0.1.3'),
      "'privateIpAddress' must not be among the first four of 10.0.1.0/24 or its last, which the subnet keeps, got 10.0.1.3 (at Demo/Feed)"],
    [() => inZones('eu-west-1a', '10.0.1.255'),
      "'privateIpAddress' must not be among the first four of 10.0.1.0/24 or its last, which the subnet keeps, got 10.0.1.255 (at Demo/Feed)"],
    [() => feed({ dataInterface: DataInterface.fromNetworkInterface('eni-11111111'), additionalInterfaces: [DataInterface.fromNetworkInterface('eni-11111111')] }),
      'each interface needs an ENI and an address of its own, got eni-11111111 twice (at Demo/Feed)'],
    [() => feed({ dataInterface: DataInterface.fromNetworkInterface('nonsense') }),
      "'networkInterfaceId' must be an id such as eni-0123456789abcdef0, got 'nonsense' (at Demo/Feed)"],
    [() => feed({ additionalInterfaces: [DataInterface.fromNetworkInterface('eni-0123')] }),
      "'networkInterfaceId' must be an id such as eni-0123456789abcdef0, got 'eni-0123' (at Demo/Feed)"],
    [() => feed({ rootVolumeSize: cdk.Size.gibibytes(4) }), "'rootVolumeSize' must be a whole number between 8 and 65536 GiB, got 4 GiB (at Demo/Feed)"],
    [() => feed({ rootVolumeSize: cdk.Size.gibibytes(20.5) }),
      "'rootVolumeSize' must be a whole number between 8 and 65536 GiB, got 20.5 GiB (at Demo/Feed)"],
    [() => inZones('eu-west-1a', '10.9.9.9'), "'privateIpAddress' must be an address of its subnet, 10.0.1.0/24, got 10.9.9.9 (at Demo/Feed)"],
  ]],
  ['cores, memory, tuning', [
    [() => feed({ instanceType: type('c7gn.medium') }),
      "'instanceType' must have at least 2 cores, one to receive and one for the rest, got c7gn.medium with 1 (at Demo/Feed)"],
    [() => feed({ coreLayout: CoreLayout.auto({ housekeepingCount: 64 }) }),
      "'housekeepingCount' must be between 1 and 63 on c6in.32xlarge, got 64 (at Demo/Feed)"],
    [() => feed({ coreLayout: CoreLayout.auto({ numaNode: 2 }) }), "'numaNode' must be between 0 and 1 on c6in.32xlarge, got 2 (at Demo/Feed)"],
    [() => kernel({ queues: 32 }, CoreLayout.auto({ housekeepingCount: 33, numaNode: 0 })),
      "'queues' must be at most 0 on c6in.32xlarge, the cores of NUMA node 0 beside 33 for housekeeping, got 32 (at Demo/Feed)"],
    [() => cores({ receive: 'two', housekeeping: '0' }), "'receive' must be a CPU list such as 2-3,8, got 'two' (at Demo/Feed)"],
    [() => cores({ receive: '64', housekeeping: '0' }), "'receive' has CPU 64, but c6in.32xlarge has CPUs 0-63 (at Demo/Feed)"],
    [() => cores({ receive: '2-3', housekeeping: '0' }), "'receive' must have one CPU per queue (1), got '2-3' with 2 (at Demo/Feed)"],
    [() => cores({ receive: '2', housekeeping: '0-2' }), "CPU 2 cannot be both in 'receive' and 'housekeeping' (at Demo/Feed)"],
    [() => cores({ receive: '2', housekeeping: '0,3', isolated: '2-3' }), "CPU 3 cannot be both in 'isolated' and 'housekeeping' (at Demo/Feed)"],
    [() => cores({ receive: '2', housekeeping: '1', isolated: '0,2' }),
      'CPU 0 cannot be isolated: the kernel keeps time and boots on it (at Demo/Feed)'],
    [() => tune({ hugePagesPerNode: -1 }), "'hugePagesPerNode' must be a whole number of at least 0, got -1 (at Demo/Feed)"],
    [() => tune({ hugePagesPerNode: 100000 }),
      "'hugePagesPerNode' asks for 100000 huge pages of 2MiB on 2 NUMA nodes, 390.6 GiB in all; c6in.32xlarge has 256 GiB, of which at most 192 may be huge pages (at Demo/Feed)"],
    [() => tune({ hugePagesPerNode: 1 }),
      "'hugePagesPerNode' must be between 37 and 49152 for 1 queue of 8192 frames on c6in.32xlarge, got 1 (at Demo/Feed)"],
    [() => tune({ interruptModerationMicros: 2000 }, DataPlane.kernel()),
      "'interruptModerationMicros' must be between -1 and 1000, got 2000 (at Demo/Feed)"],
    [() => tune({ maxJitterMicros: -1 }), "'maxJitterMicros' must be between 0 and 1000000, got -1 (at Demo/Feed)"],
    [() => tune({ jitterSeconds: 0 }), "'jitterSeconds' must be between 1 and 600, got 0 (at Demo/Feed)"],
    [() => tune({ kernelArguments: ['a b'] }),
      `a kernel argument must hold no space, control character, quote, '$' or '\\', got "a b" (at Demo/Feed)`],
    [() => tune({ sysctls: { swappiness: '0' } }), "a sysctl must be named like net.core.rmem_max, got 'swappiness' (at Demo/Feed)"],
    [() => tune({ sysctls: { 'vm.swappiness': '$x' } }),
      `sysctl 'vm.swappiness' must hold no space, control character, quote, '$' or '\\', got "$x" (at Demo/Feed)`],
  ]],
  ['hosts', [
    [() => feed({ bootTimeout: cdk.Duration.minutes(1) }), "'bootTimeout in seconds' must be between 600 and 43200, got 60 (at Demo/Feed)"],
    [() => feed({ prometheusPort: 80 }), "'prometheusPort' must be between 1024 and 65535, got 80 (at Demo/Feed)"],
    [() => feed({ vpcSubnets: { subnets: [] } }), "'vpcSubnets' selects no subnet (at Demo/Feed)"],
    [() => feed({ vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } }),
      "'vpcSubnets' must be private subnets with egress: a host has two ENIs, and so no public address to get out of a public subnet (at Demo/Feed)"],
    [() => fleet({ vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } }),
      "'vpcSubnets' must be private subnets with egress: a host has two ENIs, and so no public address to get out of a public subnet (at Demo/Feeds)"],
    [() => feed({ packageBaseUrl: `https://mirror/${'x'.repeat(16384)}` }),
      'user data may have at most 16384 bytes, got 22659; the largest value is KB_PACKAGE_BASE_URL with 16399 bytes (at Demo/Feed)'],
    [() => feed({ packageBaseUrl: 'https://mirror/"' }),
      "'packageBaseUrl' must be an address such as https://mirror.example.com/sources, without spaces, quotes, $ and `, got \"https://mirror/\\\"\" (at Demo/Feed)"],
    [() => feed({ capacityReservation: CapacityReservation.of({ instanceCount: 0 }) }),
      "'instanceCount' must be between 1 and 10000 of the capacity reservation, for so many hosts, got 0 (at Demo/Feed)"],
    [() => feed({ placementGroup: group(SPREAD), capacityReservation: CapacityReservation.of() }),
      "'placementGroup' must have the strategy cluster with a 'capacityReservation', which other groups do not take, got spread (at Demo/Feed)"],
    [() => feed({ placementGroup: group(PARTITION_GROUP), capacityReservation: CapacityReservation.fromCapacityReservationId('cr-11111111') }),
      "'placementGroup' must have the strategy cluster with a 'capacityReservation', which other groups do not take, got partition (at Demo/Feed)"],
    [() => fleet({ maxCapacity: 8, placementGroup: group(SPREAD) }),
      "'placementGroup' spreads at most 7 hosts in an Availability Zone, got 8; take one with the strategy partition or cluster (at Demo/Feeds)"],
    [() => feed({ capacityReservation: CapacityReservation.fromCapacityReservationId('mine') }),
      "'capacityReservationId' must be an id such as cr-0123456789abcdef0, got 'mine' (at Demo/Feed)"],
    [() => feed({ capacityReservation: CapacityReservation.fromResourceGroupArn('feeds') }),
      "'resourceGroupArn' must be an ARN such as arn:aws:resource-groups:us-east-1:123456789012:group/feeds, got 'feeds' (at Demo/Feed)"],
    [() => feed({ vpc: ec2.Vpc.fromVpcAttributes(new cdk.Stack(), 'Vpc', { vpcId: 'subnet-1', availabilityZones: ['a'], privateSubnetIds: ['subnet-1'] }) }),
      "the id of a VPC is such as vpc-0123456789abcdef0, got 'subnet-1' (at Demo/Feed)"],
    [() => feed({ vpcSubnets: { subnets: [ec2.Subnet.fromSubnetId(new cdk.Stack(), 'Subnet', 'feeds')] } }),
      "the id of a subnet is such as subnet-0123456789abcdef0, got 'feeds' (at Demo/Feed)"],
    [() => feed({ managementSecurityGroup: ec2.SecurityGroup.fromSecurityGroupId(new cdk.Stack(), 'Group', 'default') }),
      "the id of a security group is such as sg-0123456789abcdef0, got 'default' (at Demo/Feed)"],
    [() => feed({ machineImage: { getImage: scope => ({ ...HostOs.debian13().machineImage(ec2.InstanceArchitecture.X86_64).getImage(scope), imageId: 'debian' }) } }),
      "the id of an image is such as ami-0123456789abcdef0, got 'debian' (at Demo/Feed)"],
    [() => feed({ machineImage: ec2.MachineImage.latestWindows(ec2.WindowsVersion.WINDOWS_SERVER_2022_ENGLISH_FULL_BASE) }),
      "'machineImage' must be of Linux, got one of Windows (at Demo/Feed)"],
    [() => feed({ bootTimeout: cdk.Duration.minutes(token) }), "'bootTimeout' must be known at synth, got a token (at Demo/Feed)"],
    [() => feed({ bootTimeout: cdk.Duration.millis(3_600_500) }), "'bootTimeout in seconds' must be between 600 and 43200, got 3600.5 (at Demo/Feed)"],
    [() => nic({ udpTimeout: cdk.Duration.millis(30_500) }), "'udpTimeout in seconds' must be between 30 and 60, got 30.5 (at Demo/Feed)"],
    [() => kernel({ socketBuffer: cdk.Size.mebibytes(token) }), "'socketBuffer' must be known at synth, got a token (at Demo/Feed)"],
    [() => own({ memory: cdk.Size.mebibytes(token) }), "'memory' must be known at synth, got a token (at Demo/Feed)"],
    [() => handler(PacketHandler.ring({ capacity: cdk.Size.mebibytes(token) })), "'capacity' must be known at synth, got a token (at Demo/Feed)"],
    [() => handler(PacketHandler.feed({ lines: [token] })), "'lines' must be known at synth, got a token (at Demo/Feed)"],
    [() => handler(PacketHandler.fanout({ subscribersFile: cdk.Fn.importValue('File') })), "'subscribersFile' must be known at synth, got a token (at Demo/Feed)"],
    [() => feed({ capacityReservation: CapacityReservation.of({ instanceCount: token }) }), "'instanceCount' must be known at synth, got a token (at Demo/Feed)"],
    [() => fleet({ unhealthyAfter: cdk.Duration.minutes(token) }), "'unhealthyAfter' must be known at synth, got a token (at Demo/Feeds)"],
    [() => fleet({ update: FleetUpdate.rolling({ minInstancesInService: token, pauseTime: cdk.Duration.minutes(token) }) }),
      "2 problems (at Demo/Feeds):\n  - 'minInstancesInService' must be known at synth, got a token\n  - 'pauseTime' must be known at synth, got a token"],
    [() => guard({ stopWhenIdle: [], idleAfter: cdk.Duration.hours(token) }), "'idleAfter' must be known at synth, got a token (at Demo/Guard)"],
    [() => feed({ vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } }),
      "'vpcSubnets' selects no subnet: There are no 'Isolated' subnet groups in this VPC. Available types: Deprecated_Private_NAT,Private,Deprecated_Private,Public (at Demo/Feed)"],
    [() => feed({ vpc: ec2.Vpc.fromVpcAttributes(new cdk.Stack(), 'Vpc', {
      vpcId: 'vpc-1', availabilityZones: ['a'], privateSubnetIds: cdk.Fn.split(',', cdk.Fn.importValue('Subnets')),
    }) }), "'vpcSubnets' must be known one by one, got a list that only deployment knows: import the VPC with Fn.importListValue, which is told how long the list is, or look it up (at Demo/Feed)"],
    [() => HostOs.amazonLinux2023({ kernel: 'default' }), "'kernel' must be a kernel line of Amazon Linux 2023, 6.1, 6.12, 6.18, got 'default'"],
    [() => HostOs.amazonLinux2023({ kernel: '9.99' }), "'kernel' must be a kernel line of Amazon Linux 2023, 6.1, 6.12, 6.18, got '9.99'"],
    [() => tar([{ path: 'x'.repeat(101), mode: 0o644, content: Buffer.alloc(0) }]),
      `a packed file's path must have at most 100 bytes, got "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`],
  ]],
  ['fleets', [
    [() => fleet({ minCapacity: -1, desiredCapacity: 1 }), "'minCapacity' must be between 0 and 10000, got -1 (at Demo/Feeds)"],
    [() => fleet({ minCapacity: 3, maxCapacity: 2 }), "'maxCapacity' must be between 3 and 10000, got 2 (at Demo/Feeds)"],
    [() => fleet({ maxCapacity: 2, desiredCapacity: 3 }), "'desiredCapacity' must be between 1 and 2, got 3 (at Demo/Feeds)"],
    [() => fleet({ minCapacity: 0, maxCapacity: 2 }),
      "'desiredCapacity' must be given with a 'minCapacity' of 0: a deployment waits for one host at least (at Demo/Feeds)"],
    [() => fleet({ minCapacity: 2, readyCount: 3 }),
      "'readyCount' must be between 1 and 2, the hosts that the fleet starts with, got 3 (at Demo/Feeds)"],
    [() => fleet({ minCapacity: token, maxCapacity: 3 }),
      `2 problems (at Demo/Feeds):\n  - 'minCapacity' must be known at synth, got a token\n  - 'desiredCapacity' must be known at synth, got a token`],
    [() => fleet({ update: FleetUpdate.rolling({ maxBatchSize: 2 }) }), "'maxBatchSize' must be 1, got 2 (at Demo/Feeds)"],
    [() => fleet({ minCapacity: 2, update: FleetUpdate.rolling({ minInstancesInService: 2 }) }),
      "'minInstancesInService' must be less than 'maxCapacity' (2), so that a host can be replaced, got 2 (at Demo/Feeds)"],
    [() => fleet({ update: FleetUpdate.rolling({ minInstancesInService: -1 }) }),
      "'minInstancesInService' must be between 0 and 10000, got -1 (at Demo/Feeds)"],
    [() => fleet({ update: FleetUpdate.rolling({ pauseTime: cdk.Duration.hours(2) }) }),
      "'pauseTime in seconds' must be between 0 and 3600, got 7200 (at Demo/Feeds)"],
    [() => fleet({ update: FleetUpdate.instanceRefresh({ minHealthyPercentage: -1, maxHealthyPercentage: 201 }) }),
      "2 problems (at Demo/Feeds):\n  - 'minHealthyPercentage' must be between 0 and 100, got -1\n  - 'maxHealthyPercentage' must be between 100 and 200, got 201"],
    [() => fleet({ update: FleetUpdate.instanceRefresh({ minHealthyPercentage: 50, maxHealthyPercentage: 200 }) }),
      "'maxHealthyPercentage' must be at most 100 above 'minHealthyPercentage' (50), got 200 (at Demo/Feeds)"],
    [() => fleet({ update: FleetUpdate.instanceRefresh({ instanceWarmup: cdk.Duration.days(1) }) }),
      "'instanceWarmup in seconds' must be between 0 and 43200, got 86400 (at Demo/Feeds)"],
    [() => fleet({ machineImage: HostOs.debian13().machineImage(ec2.InstanceArchitecture.X86_64), fallbackInstanceTypes: [type('c7gn.16xlarge')] }),
      "'machineImage' is of one architecture: 'fallbackInstanceTypes' must be x86_64 as c6in.32xlarge, got c7gn.16xlarge (at Demo/Feeds)"],
    [() => fleet({ fallbackInstanceTypes: [type('c6in.32xlarge')] }),
      "'fallbackInstanceTypes' has c6in.32xlarge twice, or it is the 'instanceType' (at Demo/Feeds)"],
    [() => fleet({ fallbackInstanceTypes: INSTANCE_TABLE.filter(row => row[1] >= 2).slice(0, 40).map(([name]) => type(name)) }),
      "'fallbackInstanceTypes' may have at most 39 entries, got 40 (at Demo/Feeds)"],
    [() => fleet({ unhealthyAfter: cdk.Duration.seconds(10) }), "'unhealthyAfter in seconds' must be between 30 and 3600, got 10 (at Demo/Feeds)"],
    [() => fleet({ dataInterface: DataInterface.of({ privateIpAddress: '10.0.128.9' }) }),
      'an Auto Scaling group gives each host ENIs and addresses of its own, got 10.0.128.9; take a LowLatencyInstance for what exists once (at Demo/Feeds)'],
    [() => fleet({ dataInterface: DataInterface.of({ subnet: SUBNET }) }),
      "an Auto Scaling group puts all ENIs of an instance into one subnet: leave 'subnet' out of the data interface, or give Default/Elsewhere to 'vpcSubnets' (at Demo/Feeds)"],
    [() => partitioned({ partitions: [] }), "'partitions' must have at least one entry, got none (at Demo/Feeds)"],
    [() => partitioned({ dataPlane: DataPlane.kernel({ flows: [UdpFlow.port(1)] }) }),
      "'dataPlane' must leave 'flows' to the partitions (at Demo/Feeds)"],
    [() => partitioned({ fleetName: 'feeds' }),
      "'fleetName' names one fleet: leave it out, each partition is named by its path, got 'feeds' (at Demo/Feeds)"],
    [() => partitioned({ partitions: [{ ...PARTITION, name: '1' }] }),
      "'name' of a partition must be up to 32 letters, digits, '_' and '-', starting with a letter, got '1' (at Demo/Feeds)"],
    [() => partitioned({ partitions: [PARTITION, { ...PARTITION, flows: [UdpFlow.port(2)] }] }), "'partitions' has A twice (at Demo/Feeds)"],
    [() => partitioned({ partitions: [PARTITION, { ...PARTITION, name: 'B' }] }),
      'flow *:1 is in partition B and in A: it can have one only (at Demo/Feeds)'],
    [() => partitioned().fleet('B'), "'partition' must be one of A, got 'B' (at Demo/Feeds)"],
  ]],
  ['images', [
    [() => image({ vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } }),
      "'vpcSubnets' of an image must be private subnets: a public one may give the machine that builds a public address (at Demo/Image)"],
    [() => image({ rootVolumeSize: cdk.Size.gibibytes(4) }),
      "'rootVolumeSize' must be a whole number between 8 and 65536 GiB, got 4 GiB (at Demo/Image)"],
    [() => image({ revision: cdk.Fn.importValue('Revision') }),
      "'revision' and 'packageBaseUrl' of an image must be known at synth, for its version follows from them, got a token (at Demo/Image)"],
    [() => baked({ image: HostImage.fromHostImageAttributes(new cdk.Stack(), 'Image', { imageId: 'latest', dataPlane: DataPlane.dpdk() }) }),
      "'imageId' must be an id such as ami-0123456789abcdef0, got 'latest' (at Default/Image)"],
    [() => image({ vpcSubnets: { subnets: [] } }), "'vpcSubnets' selects no subnet (at Demo/Image)"],
    [() => image({ buildInstanceType: type('c7g.large') }), "'buildInstanceType' must be of architecture x86_64, got c7g.large (at Demo/Image)"],
    [() => image({ hosts: { instanceType: type('c7gn.4xlarge') } }), "'hosts' must be of architecture x86_64, got c7gn.4xlarge (at Demo/Image)"],
    [() => image({ hosts: { tuning: HostTuning.custom({ hugePageSize: HugePageSize.GIB_1, hugePagesPerNode: 8 }) }, buildInstanceType: type('c6in.2xlarge') }),
      "'buildInstanceType' must have more memory than the 16 GiB of huge pages that 'hosts' reserves, got c6in.2xlarge with 16 GiB; leave it out "
      + '(at Demo/Image)'],
    [() => image({ os: HostOs.amazonLinux2023({ kernel: '6.1' }) }),
      "'versions' has kernel 6.12, but 'os' boots 6.1: give both the same, or a 'machineImage' as the base (at Demo/Image)"],
    [() => image({ os: HostOs.ubuntu2404() }),
      "'versions' must be given for ubuntu2404, whose kernel moves from line to line: HostVersions.of({ name: '...' }) (at Demo/Image)"],
    [() => image({ dataPlane: DataPlane.dpdk({ dpdkVersion: 'distro' }), os: HostOs.debian13() }),
      "'dpdkVersion' must be 25.11.4 as in the image's versions 2026.11, got distro; leave it out (at Demo/Image)"],
    [() => image({ versions: HostVersions.of({ name: 'a', kernel: '6.12', dpdk: 'distro' }) }),
      "'dpdkVersion' must be 25.11.4 on al2023, got 'distro' (at Demo/Image)"],
    [() => HostVersions.of({ name: '' }), "'name' of a set of versions must be 1 to 64 letters, digits, '.', '_' and '-', got ''"],
    [() => HostVersions.of({ name: 'a', kernel: 'latest' }),
      "'kernel' must be a line such as 6.12 or a release such as 6.12.58-82.121.amzn2023.x86_64, got 'latest'"],
    [() => HostVersions.of({ name: 'a', ena: 'g' }), "'ena' must be a version such as 2.13.2, got 'g'"],
    [() => HostVersions.of({ name: 'a', dpdk: 'main' }), "'dpdk' must be distro or 25.11.4, got 'main'"],
    [() => baked({ os: HostOs.debian13() }), "'image' is an image with its operating system: leave 'os' out (at Demo/Feed)"],
    [() => baked({ rootVolumeSize: cdk.Size.gibibytes(8) }),
      "'rootVolumeSize' must be at least that of the image, 20 GiB, got 8 GiB (at Demo/Feed)"],
    [() => baked({ instanceType: type('c7gn.16xlarge') }), "'image' is for x86_64, and c7gn.16xlarge is arm64 (at Demo/Feed)"],
    [() => baked({ dataPlane: DataPlane.kernel() }),
      "'image' was baked with data plane dpdk, got kernel in 'dataPlane': give both the same data plane, or bake another image (at Demo/Feed)"],
    [() => image().getImage(new cdk.Stack(undefined, 'Other')),
      'an image must be in the stack of its hosts, got Demo/Image; import it by the value of its id with HostImage.fromHostImageAttributes (at Other)'],
  ]],
  ['multicast, dashboards, costs', [
    [() => multicast({ vpcSubnets: { subnets: [] } }), "'vpcSubnets' selects no subnet (at Demo/Multicast)"],
    [() => multicast({ transitGatewayAttachmentId: 'tgw-attach-11111111' }),
      "'transitGatewayAttachmentId' needs the 'transitGatewayId' it belongs to (at Demo/Multicast)"],
    [() => multicast({ transitGatewayId: 'mine' }), "'transitGatewayId' must be an id such as tgw-0123456789abcdef0, got 'mine' (at Demo/Multicast)"],
    [() => multicast({ transitGatewayId: 'tgw-11111111', transitGatewayAttachmentId: 'tgw-22222222' }),
      "'transitGatewayAttachmentId' must be an id such as tgw-attach-0123456789abcdef0, got 'tgw-22222222' (at Demo/Multicast)"],
    [() => multicast().addStaticMember('A', '239.1.1.1', 'i-11111111'),
      "'networkInterfaceId' must be an id such as eni-0123456789abcdef0, got 'i-11111111' (at Demo/Multicast)"],
    [() => multicast({ packetsPerSecond: 0 }), "'packetsPerSecond' must be known at synth and more than 0, got 0 (at Demo/Multicast)"],
    [() => multicast().allowMembers(new ec2.Connections(), ec2.Peer.anyIpv4(), 0), "'port' must be between 1 and 65535, got 0 (at Demo/Multicast)"],
    [() => multicast().addStaticMember('A', '10.0.0.1', 'eni-11111111'),
      "'groupAddress' must be between 224.0.0.0 and 239.255.255.255, got '10.0.0.1' (at Demo/Multicast)"],
    [() => Array.from({ length: 101 }, (_, i) => i).reduce((domain, i) => (domain.addStaticMember(`M${i}`, '239.1.1.1', `eni-${10_000_000 + i}`), domain), multicast()),
      'a group may have at most 100 members, got 101 for 239.1.1.1 (at Demo/Multicast)'],
    [() => new LatencyDashboard(demoStack().stack, 'Dashboard', { instances: [] }),
      "'instances' or 'fleets' must have at least one entry, got none (at Demo/Dashboard)"],
    [() => new CostGuard(new cdk.NestedStack(new cdk.Stack(undefined, 'Demo'), 'Inner'), 'Guard', { expires: new Date('2027-01-01T00:00:00Z') }),
      "'expires' deletes the stack that the guard is in, and this one is nested: put the guard into the stack around it (at Demo/Inner/Guard)"],
    [() => guard({}), "a cost guard needs 'monthlyBudgetUsd', 'stopWhenIdle' or 'expires' (at Demo/Guard)"],
    [() => guard({ monthlyBudgetUsd: 0, budgetEmails: ['a@b'] }), "'monthlyBudgetUsd' must be more than 0, got 0 (at Demo/Guard)"],
    [() => guard({ monthlyBudgetUsd: 5 }),
      "'monthlyBudgetUsd' and 'budgetEmails' go together: a budget that tells nobody keeps nobody from spending (at Demo/Guard)"],
    [() => guard({ monthlyBudgetUsd: 5, budgetEmails: [] }), "'budgetEmails' must be between 1 and 10 in number, got 0 (at Demo/Guard)"],
    [() => guard({ monthlyBudgetUsd: 5, budgetEmails: ['me'] }), "'budgetEmails' must be mail addresses, got 'me' (at Demo/Guard)"],
    [() => guard({ stopWhenIdle: [], idleAfter: cdk.Duration.minutes(5) }),
      "'idleAfter in minutes' must be between 30 and 1440, got 5 (at Demo/Guard)"],
    [() => guard({ stopWhenIdle: [], idleAfter: cdk.Duration.minutes(33) }),
      "'idleAfter' must be a multiple of 5 minutes, got 33 minutes (at Demo/Guard)"],
    [() => guard({ stopWhenIdle: [], idlePacketsPerMinute: 0 }), "'idlePacketsPerMinute' must be more than 0, got 0 (at Demo/Guard)"],
    [() => guard({ expires: new Date('soon') }), "'expires' must be a date, got one that is none (at Demo/Guard)"],
    [() => guard({ expires: new Date(0) }, { terminationProtection: true }),
      "'expires' cannot delete a stack with termination protection: leave one of them out (at Demo/Guard)"],
  ]],
  ['RSS', [
    [() => rss({ queues: 0 }), "'queues' must be a whole number between 1 and 128, got 0"],
    [() => rss({ flows: [] }), "'flows' must name at least one flow"],
    [() => rss({ flows: [RSS_FLOW, RSS_FLOW] }), "'flows' has 10.0.0.1:1-10.0.0.2:2 twice"],
    [() => rss({ flows: [{ ...RSS_FLOW, sourceAddress: 'here' }] }),
      "a flow's addresses must be IPv4 such as 10.0.0.1, got 'here' in here:1-10.0.0.2:2"],
    [() => rss({ flows: [{ ...RSS_FLOW, sourcePort: 0 }] }), "a flow's ports must be between 1 and 65535, got 0 in 10.0.0.1:0-10.0.0.2:2"],
    [() => rss({ key: 'ff' }), "'key' must be 40 bytes in hexadecimal such as 6d:5a:56:da:..., got 'ff'"],
    [() => rss({ key: KEY, hash: RssHash.FIXED_KEY }), "'key' cannot be set on a card with a fixed key; leave it out"],
    [() => rss({ receiveCores: 'two' }), "'receiveCores' must be a CPU list such as 2-5, got 'two'"],
    [() => rss({ receiveCores: '2-4' }), "'receiveCores' must name one CPU for each of the 2 queues, got 3 ('2-4')"],
  ]],
])('%s', (_, rows) => {
  test.each(rows.map(([build, message]) => [message, build] as const))('%s', (message, build) => {
    expect(messageOf(build)).toBe(message);
  });
  ROWS.push(...rows.map(([, message]) => message));
});

// Guards against mistakes of our own, which no input reaches.
const OURS = ['no plan'];

test.each(refusals().map(({ place, pattern }) => [place, pattern] as const))('%s is told above', (_, pattern) => {
  const told = [...ROWS, ...OURS].some(message => pattern.test(message));
  expect(told ? undefined : pattern.source).toBeUndefined();
});

test('the sources have been read', () => {
  expect(refusals().length).toBeGreaterThan(150);
});
