// SPDX-License-Identifier: Apache-2.0
import { Interface, Subnet } from './instance';
import { run } from '../lab/shell';

/** What the whole VPC may use; the first two /24s are its subnets. */
export const VPC_CIDR = '10.0.0.0/16';
/** Where every instance finds its metadata, and here also the lab's statsd sink. */
export const METADATA_ADDRESS = '169.254.169.254';
/** Where EC2 answers DNS queries, whatever the subnet. */
export const DNS_ADDRESS = '169.254.169.253';
/** Where the lab's DNS sends every name: S3 and the wait condition listen there. */
export const SERVICES_ADDRESS = '10.0.255.1';

/** EC2 gives every interface a jumbo MTU. */
export const EC2_MTU = 9001;

/** The subnet of the n-th interface; EC2 takes the first address of each for the router. */
export function subnet(index: number): Subnet {
  return {
    id: `subnet-0lab000000000000${index}`,
    tap: `kb-eni${index}`,
    network: `10.0.${index}.0`,
    prefix: 24,
    router: `10.0.${index}.1`,
  };
}

/** The n-th interface of the instance; locally administered addresses, like EC2's. */
export function elasticInterface(index: number, deviceIndex: number, networkCard: number): Interface {
  return {
    deviceIndex,
    networkCard,
    id: `eni-0lab00000000000${index}0`,
    mac: `06:6b:62:00:00:1${index}`,
    address: `10.0.${index}.10`,
    subnet: subnet(index),
  };
}

/**
 * Plugs the instance's interfaces into the network namespace this process runs in, which is the
 * whole VPC: it ends with the process, and so does everything created here.
 */
export async function createVpc(interfaces: readonly Interface[], queues: number): Promise<void> {
  const ip = (...args: string[]) => run('ip', args);
  await ip('link', 'set', 'lo', 'up');
  for (const address of [METADATA_ADDRESS, DNS_ADDRESS, SERVICES_ADDRESS]) {
    await ip('address', 'add', `${address}/32`, 'dev', 'lo');
  }
  // No IPv6: nobody would route it, and its solicitations would be noise in every ledger.
  await run('sysctl', ['-q', '-w', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1']);
  for (const { subnet: net } of interfaces) {
    await ip('tuntap', 'add', 'dev', net.tap, 'mode', 'tap', ...(queues > 1 ? ['multi_queue'] : []));
    await ip('link', 'set', net.tap, 'mtu', String(EC2_MTU), 'up');
    await ip('address', 'add', `${net.router}/${net.prefix}`, 'dev', net.tap);
  }
}
