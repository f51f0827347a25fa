// SPDX-License-Identifier: Apache-2.0
import type * as cdk from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { PartitionedFleetProps } from '../../lib';
import { DataPlane, PartitionedFleet, UdpFlow } from '../../lib';
import { demoStack, template } from './fixtures/stack';

const A = { name: 'A', flows: [UdpFlow.address('239.1.1.1', 7000), UdpFlow.address('239.1.1.2', 7000)] };
const B = { name: 'B', flows: [UdpFlow.address('239.1.1.3', 7000)] };

function partitionedStack(props: Partial<PartitionedFleetProps> = {}) {
  const { stack, vpc } = demoStack();
  return { stack, vpc, feeds: new PartitionedFleet(stack, 'Feeds', { vpc, dataPlane: DataPlane.afXdp({ queues: 2 }), partitions: [A, B], ...props }) };
}

function plans(stack: cdk.Stack): Record<string, string>[] {
  return Object.values(template(stack).findResources('AWS::EC2::LaunchTemplate')).map(({ Properties }) => {
    const text = (Properties.LaunchTemplateData.UserData['Fn::Base64']['Fn::Join'][1] as unknown[]).filter(part => typeof part === 'string').join('');
    return Object.fromEntries([...text.matchAll(/^(KB_\w+)="(.*)"$/gm)].map(([, key, value]) => [key, value]));
  });
}

test('each partition is a fleet that receives its own flows, with all else shared', () => {
  const { stack } = partitionedStack({ minCapacity: 2 });
  expect(plans(stack).map(plan => [plan.KB_NAME, plan.KB_FLOWS, plan.KB_QUEUES])).toEqual([
    ['Demo-Feeds-A', 'udp:239.1.1.1:7000,udp:239.1.1.2:7000', '2'],
    ['Demo-Feeds-B', 'udp:239.1.1.3:7000', '2'],
  ]);
  const groups = Object.values(template(stack).findResources('AWS::AutoScaling::AutoScalingGroup'));
  expect(groups.map(group => group.Properties.MinSize as string)).toEqual(['2', '2']);
});

test('its hosts are side by side', () => {
  const { stack, feeds } = partitionedStack();
  template(stack).resourceCountIs('AWS::EC2::PlacementGroup', 1);
  expect(feeds.fleets.map(fleet => fleet.placementGroup)).toEqual([feeds.placementGroup, feeds.placementGroup]);
});

test('one rule is for all of them', () => {
  const { stack, feeds } = partitionedStack();
  feeds.connections.allowFrom(ec2.Peer.ipv4('10.1.0.0/16'), ec2.Port.udp(7000));
  const open = Object.values(template(stack).findResources('AWS::EC2::SecurityGroup')).filter(group => group.Properties.SecurityGroupIngress);
  expect(open).toHaveLength(2);
});

test('a fleet is found by its partition', () => {
  const { feeds } = partitionedStack();
  expect(feeds.fleet('B')).toBe(feeds.fleets[1]);
});

test.each(['kernel', 'xdp', 'afxdp', 'dpdk'])('%s keeps its options', name => {
  const { stack } = partitionedStack({ dataPlane: DataPlane.fromName(name, { burst: 16 }) });
  expect(plans(stack).map(plan => [plan.KB_PLANE, plan.KB_BURST])).toEqual([[name, '16'], [name, '16']]);
});

test('construct paths stay as they are', () => {
  const { feeds } = partitionedStack();
  expect(feeds.node.children.map(child => child.node.id)).toEqual(['PlacementGroup', 'A', 'B']);
});

describe('fails', () => {
  test.each<[string, () => unknown, string]>([
    ['on no partition', () => partitionedStack({ partitions: [] }), "'partitions' must have at least one entry, got none"],
    ['on a flow in two', () => partitionedStack({ partitions: [A, { name: 'C', flows: [UdpFlow.address('239.1.1.2', 7000)] }] }),
      'flow 239.1.1.2:7000 is in partition C and in A: it can have one only'],
    ['on a flow that holds another', () => partitionedStack({ partitions: [A, { name: 'C', flows: [UdpFlow.port(7000)] }] }),
      'flow *:7000 is in partition C and in A: it can have one only'],
    ['on flows of the data plane', () => partitionedStack({ dataPlane: DataPlane.kernel({ flows: [UdpFlow.port(1)] }) }),
      "'dataPlane' must leave 'flows' to the partitions"],
    ['on one name for all', () => partitionedStack({ fleetName: 'feeds' }),
      "'fleetName' names one fleet: leave it out, each partition is named by its path, got 'feeds'"],
    ['on a name that is none', () => partitionedStack({ partitions: [{ ...A, name: 'a/b' }] }),
      "'name' of a partition must be up to 32 letters, digits, '_' and '-', starting with a letter, got 'a/b'"],
    ['on a name twice', () => partitionedStack({ partitions: [A, { ...B, name: 'A' }] }), "'partitions' has A twice"],
    ['on a partition that is none', () => partitionedStack().feeds.fleet('C'), "'partition' must be one of A, B, got 'C'"],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(new Error(`${message} (at Demo/Feeds)`));
  });
});
