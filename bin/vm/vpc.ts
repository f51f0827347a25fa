// SPDX-License-Identifier: Apache-2.0
import { run } from '../lab/shell';
import { Interface, Subnet } from './instance';
import { InterfaceRequest } from './template';

export const VPC_CIDR = '10.0.0.0/16';
/** Where every instance finds its metadata, and here also the lab's statsd sink. */
export const METADATA_ADDRESS = '169.254.169.254';
/** Where EC2 answers DNS queries, whatever the subnet. */
export const DNS_ADDRESS = '169.254.169.253';
/** Where the lab's DNS sends every name of AWS: S3 and the wait condition listen there. */
export const SERVICES_ADDRESS = '10.0.255.1';
/** EC2 gives every interface a jumbo MTU. */
export const EC2_MTU = 9001;

const FIRST_HOST = 10; // EC2 keeps the first four addresses of a subnet for itself

/** Places the interfaces that a launch asks for: one subnet for each id, addresses in order. */
export function placeInterfaces(requests: readonly InterfaceRequest[]): Interface[] {
  const ids = [...new Set(requests.map(({ subnetId }) => subnetId))];
  return requests.map(({ deviceIndex, networkCard, subnetId }, index) => ({
    deviceIndex,
    networkCard,
    id: `eni-0${index}1ab000000000000`,
    mac: `06:6b:62:00:00:1${index}`, // locally administered, like EC2's
    address: `10.0.${ids.indexOf(subnetId)}.${FIRST_HOST + index}`,
    subnet: placeSubnet(ids.indexOf(subnetId)),
    tap: `kb-eni${index}`,
  }));
}

function placeSubnet(index: number): Subnet {
  return { id: `subnet-0${index}1ab000000000000`, bridge: `kb-net${index}`, network: `10.0.${index}.0`, prefix: 24, router: `10.0.${index}.1` };
}

/**
 * Builds the VPC in the network namespace this process runs in, which holds nothing else: it ends
 * with the process, and so does everything created here.
 */
export async function createVpc(interfaces: readonly Interface[], queues: number): Promise<void> {
  const ip = (...args: string[]) => run('ip', args);
  await ip('link', 'set', 'lo', 'up');
  for (const address of [METADATA_ADDRESS, DNS_ADDRESS, SERVICES_ADDRESS]) {
    await ip('address', 'add', `${address}/32`, 'dev', 'lo');
  }
  // No IPv6: nobody would route it, and its solicitations would be noise in every ledger.
  await run('sysctl', ['-q', '-w', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1']);
  for (const subnet of subnetsOf(interfaces)) {
    // A VPC does not snoop on multicast groups, nor does it wait 30 s before it forwards.
    await ip('link', 'add', subnet.bridge, 'mtu', String(EC2_MTU), 'type', 'bridge', 'mcast_snooping', '0', 'forward_delay', '0');
    await ip('link', 'set', subnet.bridge, 'up');
    await ip('address', 'add', `${subnet.router}/${subnet.prefix}`, 'dev', subnet.bridge);
  }
  for (const [index, nic] of interfaces.entries()) {
    await ip('tuntap', 'add', 'dev', nic.tap, 'mode', 'tap', ...(index > 0 && queues > 1 ? ['multi_queue'] : []));
    await ip('link', 'set', nic.tap, 'mtu', String(EC2_MTU), 'master', nic.subnet.bridge, 'up');
  }
}

export function subnetsOf(interfaces: readonly Interface[]): Subnet[] {
  return [...new Map(interfaces.map(({ subnet }) => [subnet.id, subnet])).values()];
}
