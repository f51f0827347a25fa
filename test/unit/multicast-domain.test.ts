// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { MulticastDomainProps } from '../../lib';
import { DataPlane, LowLatencyFleet, MulticastDomain, MulticastMembership } from '../../lib';
import { demoStack, template } from './fixtures/stack';

function domainStack(props: Partial<MulticastDomainProps> = {}, app = new cdk.App()) {
  const { stack, vpc } = demoStack(app);
  return { stack, vpc, domain: new MulticastDomain(stack, 'Multicast', { vpc, ...props }) };
}

function only(stack: cdk.Stack, type: string): [string, any] {
  const [found, ...more] = Object.entries(template(stack).findResources(type));
  expect(more).toEqual([]);
  return found;
}

test('is a gateway, an attachment, a domain with IGMP, and an association of each subnet', () => {
  const { stack, vpc, domain } = domainStack();
  const subnet = stack.resolve(vpc.privateSubnets[0].subnetId);
  const [gateway, { Properties: gatewayProperties }] = only(stack, 'AWS::EC2::TransitGateway');
  expect(gatewayProperties).toMatchObject({ MulticastSupport: 'enable' });
  const [attachment, { Properties }] = only(stack, 'AWS::EC2::TransitGatewayVpcAttachment');
  expect(Properties).toEqual({ TransitGatewayId: { Ref: gateway }, VpcId: stack.resolve(vpc.vpcId), SubnetIds: [subnet] });
  const [id, { Properties: options }] = only(stack, 'AWS::EC2::TransitGatewayMulticastDomain');
  expect(options).toEqual({ TransitGatewayId: { Ref: gateway }, Options: { Igmpv2Support: 'enable', StaticSourcesSupport: 'disable' } });
  expect(only(stack, 'AWS::EC2::TransitGatewayMulticastDomainAssociation')[1].Properties).toEqual({
    TransitGatewayMulticastDomainId: { Ref: id }, TransitGatewayAttachmentId: { Ref: attachment }, SubnetId: subnet,
  });
  expect(stack.resolve([domain.domainId, domain.transitGatewayId])).toEqual([{ Ref: id }, { Ref: gateway }]);
});

test('takes the gateway and the attachment that there are', () => {
  const { stack, domain } = domainStack({ transitGatewayId: 'tgw-11111111', transitGatewayAttachmentId: 'tgw-attach-11111111' });
  template(stack).resourceCountIs('AWS::EC2::TransitGateway', 0);
  template(stack).resourceCountIs('AWS::EC2::TransitGatewayVpcAttachment', 0);
  expect(domain.transitGatewayId).toBe('tgw-11111111');
  expect(only(stack, 'AWS::EC2::TransitGatewayMulticastDomainAssociation')[1].Properties.TransitGatewayAttachmentId).toBe('tgw-attach-11111111');
});

test.each<[string, cdk.StackProps, ec2.VpcProps]>([
  ['a region', { env: { account: '123456789012', region: 'eu-west-1' } }, { availabilityZones: ['eu-west-1a', 'eu-west-1b'] }],
  ['any region', {}, { maxAzs: 2 }],
])('attaches one subnet of each zone and associates all, in a stack for %s', (_, stackProps, zones) => {
  const stack = new cdk.Stack(new cdk.App(), 'Demo', stackProps);
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    ...zones,
    subnetConfiguration: ['A', 'B'].map(name => ({ name, subnetType: ec2.SubnetType.PRIVATE_ISOLATED })),
  });
  new MulticastDomain(stack, 'Multicast', { vpc, vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } });
  expect(only(stack, 'AWS::EC2::TransitGatewayVpcAttachment')[1].Properties.SubnetIds).toHaveLength(2);
  template(stack).resourceCountIs('AWS::EC2::TransitGatewayMulticastDomainAssociation', 4);
});

describe('members', () => {
  const ingress = (membership?: MulticastMembership) => {
    const { stack, vpc, domain } = domainStack({ membership });
    const fleet = new LowLatencyFleet(stack, 'Feeds', { vpc, dataPlane: DataPlane.dpdk() });
    domain.allowMembers(fleet, ec2.Peer.ipv4('10.0.0.0/16'), 9000);
    const groups = Object.values(template(stack).findResources('AWS::EC2::SecurityGroup')) as any[];
    return groups.flatMap(group => group.Properties.SecurityGroupIngress ?? []) as object[];
  };
  const datagrams = { CidrIp: '10.0.0.0/16', IpProtocol: 'udp', FromPort: 9000, ToPort: 9000, Description: 'multicast' };

  test('hear queries, protocol 2 from 0.0.0.0/32, and datagrams', () => {
    expect(ingress()).toEqual([
      { CidrIp: '0.0.0.0/32', IpProtocol: '2', Description: 'IGMP queries of the transit gateway' },
      datagrams,
    ]);
  });

  test('hear datagrams alone when they are registered', () => {
    expect(ingress(MulticastMembership.STATIC)).toEqual([datagrams]);
  });

  test('are registered when their subnets are associated', () => {
    const { stack, domain } = domainStack({ membership: MulticastMembership.STATIC });
    domain.addStaticMember('A', '239.1.1.1', 'eni-11111111');
    const [association] = only(stack, 'AWS::EC2::TransitGatewayMulticastDomainAssociation');
    template(stack).hasResource('AWS::EC2::TransitGatewayMulticastGroupMember', {
      Properties: { GroupIpAddress: '239.1.1.1', NetworkInterfaceId: 'eni-11111111', TransitGatewayMulticastDomainId: stack.resolve(domain.domainId) },
      DependsOn: [association],
    });
  });
});

describe('warns', () => {
  test.each<[Partial<MulticastDomainProps>, string]>([
    [{ packetsPerSecond: 75_001 }, 'at most 75000 packets/s of a multicast flow with 1 receiver, got 75001; .*fanout.*cdk-kernel-bypass:multicastPackets'],
    [{ packetsPerSecond: 20_000, receivers: 10 }, 'at most 15000 packets/s of a multicast flow with 10 receivers, got 20000.*:multicastPackets'],
    [{ gigabitsPerSecond: 1.5 }, 'at most 1 Gbit/s of a multicast flow, got 1.5; .*cdk-kernel-bypass:multicastThroughput'],
  ])('of %j', (props, message) => {
    Annotations.fromStack(domainStack(props).stack).hasWarning('/Demo/Multicast', Match.stringLikeRegexp(message));
  });

  test('not at the quotas', () => {
    const { stack } = domainStack({ packetsPerSecond: 75_000, gigabitsPerSecond: 1, receivers: 9 });
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });
});

describe('fails', () => {
  test.each<[string, () => unknown, string]>([
    ['on an attachment to nothing', () => domainStack({ transitGatewayAttachmentId: 'tgw-attach-11111111' }),
      "'transitGatewayAttachmentId' needs the 'transitGatewayId' it belongs to"],
    ['on a rate of nothing', () => domainStack({ packetsPerSecond: 0 }), "'packetsPerSecond' must be known at synth and more than 0, got 0"],
    ['on a rate that is a token', () => domainStack({ packetsPerSecond: cdk.Token.asNumber({ Ref: 'Rate' }) }),
      "'packetsPerSecond' must be known at synth and more than 0, got a token"],
    ['on a group that is none', () => domainStack().domain.addStaticMember('A', '10.0.0.1', 'eni-11111111'),
      "'groupAddress' must be between 224.0.0.0 and 239.255.255.255, got '10.0.0.1'"],
    ['on a port that is none', () => {
      const { vpc, stack, domain } = domainStack();
      domain.allowMembers(new ec2.SecurityGroup(stack, 'Group', { vpc }), ec2.Peer.anyIpv4(), 0);
    }, "'port' must be between 1 and 65535, got 0"],
    ['on the 101st member of a group', () => {
      const { domain } = domainStack();
      for (let i = 1; i <= 101; i++) {
        domain.addStaticMember(`M${i}`, '239.1.1.1', `eni-${10_000_000 + i}`);
      }
    }, 'a group may have at most 100 members, got 101 for 239.1.1.1'],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(new Error(`${message} (at Demo/Multicast)`));
  });
});

// The validator is a WebAssembly module that takes seconds to load, once.
const patience = 120_000;

test('passes the validator of CDK', () => {
  const app = new cdk.App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
  domainStack({ membership: MulticastMembership.STATIC }, app).domain.addStaticMember('A', '239.1.1.1', 'eni-0123456789abcdef0');
  expect(() => app.synth()).not.toThrow();
}, patience);
