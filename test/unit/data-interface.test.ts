// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { LowLatencyInstanceProps } from '../../lib';
import { DataInterface, DataPlane, InstanceCapabilities, LowLatencyInstance } from '../../lib';
import { feedStack, launchTemplateData, planOf, template } from './fixtures/stack';

const interfacesOf = (props: Partial<LowLatencyInstanceProps>) =>
  launchTemplateData(feedStack(props).stack).NetworkInterfaces as Record<string, unknown>[];

describe('additional interfaces', () => {
  test('take the next free device indexes, on either card', () => {
    const [, data, ...more] = interfacesOf({
      dataInterface: DataInterface.of({ deviceIndex: 2 }),
      additionalInterfaces: [DataInterface.of({ networkCard: 0 }), DataInterface.of({ deviceIndex: 3 }), DataInterface.of()],
    });
    expect(data).toMatchObject({ NetworkCardIndex: 1, DeviceIndex: 2 });
    expect(more.map(each => [each.NetworkCardIndex, each.DeviceIndex])).toEqual([[0, 1], [1, 3], [1, 4]]);
  });

  test('have the group of the data interface, or their own, and options of their own', () => {
    const { stack, vpc } = feedStack();
    const own = new ec2.SecurityGroup(stack, 'Own', { vpc });
    const other = new LowLatencyInstance(stack, 'Other', {
      vpc, dataPlane: DataPlane.kernel(), additionalInterfaces: [
        DataInterface.of(),
        DataInterface.of({ securityGroups: [own], queueCount: 8, enaExpress: true, udpTimeout: cdk.Duration.seconds(40) }),
      ],
    });
    const templates = template(stack).findResources('AWS::EC2::LaunchTemplate');
    const { NetworkInterfaces: [, data, first, second] } =
      templates[stack.resolve(other.launchTemplate.launchTemplateId).Ref].Properties.LaunchTemplateData;
    expect(first.Groups).toEqual(data.Groups);
    expect(second).toMatchObject({
      Groups: [stack.resolve(own.securityGroupId)], EnaQueueCount: 8, EnaSrdSpecification: { EnaSrdEnabled: true },
      ConnectionTrackingSpecification: { UdpTimeout: 40 },
    });
  });

  test.each<[string, DataInterface, Partial<LowLatencyInstanceProps>]>([
    ['an empty list on the data interface', DataInterface.of({ securityGroups: [] }), {}],
    ['an empty list on an additional one', DataInterface.of(), { additionalInterfaces: [DataInterface.of({ securityGroups: [] })] }],
    ['a data interface whose groups are unknown', DataInterface.fromNetworkInterface('eni-11111111'),
      { additionalInterfaces: [DataInterface.of(), DataInterface.of({ securityGroups: [] })] }],
    ['one whose groups are an empty list', DataInterface.fromNetworkInterface('eni-11111111', { securityGroups: [] }),
      { additionalInterfaces: [DataInterface.of()] }],
  ])("never have the VPC's default group: %s", (_, dataInterface, props) => {
    const { stack } = feedStack({ dataInterface, ...props });
    const made = launchTemplateData(stack).NetworkInterfaces.filter((each: object) => !('NetworkInterfaceId' in each));
    expect(made.map((each: { Groups: object[] }) => each.Groups.length)).toEqual(made.map(() => 1));
    template(stack).resourceCountIs('AWS::EC2::SecurityGroup', 2);
  });

  test('that are there need no group made for them', () => {
    const additionalInterfaces = [DataInterface.fromNetworkInterface('eni-22222222')];
    const { stack } = feedStack({ dataInterface: DataInterface.fromNetworkInterface('eni-11111111'), additionalInterfaces });
    template(stack).resourceCountIs('AWS::EC2::SecurityGroup', 1);
  });

  test('change nothing about the plan', () => {
    const { KB_SIGNAL_URL, ...plan } = planOf(feedStack().stack);
    expect(KB_SIGNAL_URL).toBeDefined(); // it names a gate of other hosts
    expect(planOf(feedStack({ additionalInterfaces: [DataInterface.of()] }).stack)).toMatchObject(plan);
  });

  test('fill both cards of a c6in.32xlarge, 8 ENIs each', () => {
    const additionalInterfaces = [...Array(14).keys()].map(index => DataInterface.of({ networkCard: index < 7 ? 0 : 1 }));
    expect(interfacesOf({ additionalInterfaces })).toHaveLength(16);
  });
});

test('a zone by its name is not taken for another than one by its number', () => {
  const { stack, vpc } = feedStack();
  const subnet = ec2.Subnet.fromSubnetAttributes(stack, 'Named', { subnetId: 'subnet-1', availabilityZone: 'eu-west-1a' });
  expect(() => new LowLatencyInstance(stack, 'Other', { vpc, dataPlane: DataPlane.kernel(), dataInterface: DataInterface.of({ subnet }) }))
    .not.toThrow();
});

describe('an address of its own', () => {
  test('is given to the ENI', () => {
    const { stack } = feedStack({ dataInterface: DataInterface.of({ privateIpAddress: '10.0.130.9' }) });
    expect(launchTemplateData(stack).NetworkInterfaces[1]).toMatchObject({ PrivateIpAddress: '10.0.130.9' });
  });

  test.each<[string, DataInterface]>([
    ['an address', DataInterface.of({ privateIpAddress: '10.0.130.9' })], ['an ENI', DataInterface.fromNetworkInterface('eni-11111111')],
  ])('%s makes replacement fail, which is told', (_, dataInterface) => {
    Annotations.fromStack(feedStack({ dataInterface }).stack)
      .hasWarning('/Demo/Feed', Match.stringLikeRegexp('a change that replaces this host fails\\. .*cdk-kernel-bypass:fixedAddress'));
  });

  test('is not told of otherwise', () => {
    Annotations.fromStack(feedStack().stack).hasNoWarning('/Demo/Feed', Match.stringLikeRegexp('fixedAddress'));
  });
});

describe('an ENI that is there', () => {
  const dataInterface = DataInterface.fromNetworkInterface('eni-11111111', { networkCard: 0, deviceIndex: 4, queueCount: 8 });

  test('is attached as it is', () => {
    expect(interfacesOf({ dataInterface })[1]).toEqual({ NetworkInterfaceId: 'eni-11111111', NetworkCardIndex: 0, DeviceIndex: 4, EnaQueueCount: 8 });
  });

  test('has no group made for it', () => {
    const { stack, feed } = feedStack({ dataInterface });
    expect(feed.connections.securityGroups).toEqual([]);
    template(stack).resourceCountIs('AWS::EC2::SecurityGroup', 1);
  });

  test('has the groups that are said to be its own', () => {
    const { stack, vpc } = feedStack();
    const group = new ec2.SecurityGroup(stack, 'Own', { vpc });
    const other = new LowLatencyInstance(stack, 'Other', {
      vpc, dataPlane: DataPlane.kernel(), dataInterface: DataInterface.fromNetworkInterface('eni-11111111', { securityGroups: [group] }),
    });
    expect(other.connections.securityGroups).toEqual([group]);
  });

  test('may be known at deployment only', () => {
    const { stack } = feedStack({ dataInterface: DataInterface.fromNetworkInterface(cdk.Fn.importValue('Eni')) });
    expect(launchTemplateData(stack).NetworkInterfaces[1].NetworkInterfaceId).toEqual({ 'Fn::ImportValue': 'Eni' });
  });
});

describe('fails', () => {
  const own = InstanceCapabilities.of({
    cores: 8, memory: cdk.Size.gibibytes(32), networkCards: [{ maximumNetworkInterfaces: 3, defaultEnaQueueCount: 4 }],
  });
  test.each<[string, Partial<LowLatencyInstanceProps>, string]>([
    ['on a device index twice', { additionalInterfaces: [DataInterface.of({ deviceIndex: 1 })] }, "'deviceIndex' 1 is given to two interfaces"],
    ['on the place of the management ENI', { additionalInterfaces: [DataInterface.of({ deviceIndex: 0 })] },
      "'deviceIndex' 0 is taken by the management ENI; give the data interface 1 or more"],
    ['on a card that is not there', { additionalInterfaces: [DataInterface.of({ networkCard: 2 })] },
      "'networkCard' must be between 0 and 1 on c6in.32xlarge, got 2"],
    ['on a ninth ENI of a card', { additionalInterfaces: [...Array(8).keys()].map(() => DataInterface.of()) },
      'network card 1 of c6in.32xlarge carries at most 8 ENIs, got 9'],
    ['on one ENI too many of another type', { instanceType: new ec2.InstanceType('c99.large'), instanceCapabilities: own,
      additionalInterfaces: [DataInterface.of({ deviceIndex: 2 }), DataInterface.of({ deviceIndex: 3 })] },
      "2 problems (at Demo/Feed):\n  - 'deviceIndex' must be between 1 and 2 on c99.large, got 3\n  - network card 0 of c99.large carries at most 3 ENIs, got 4"],
    ['on an MTU that nobody would set', { additionalInterfaces: [DataInterface.of({ mtu: 1500 })] },
      "'mtu' is for the interface of the receiver, got 1500 for an additional one, which the system configures"],
    ['on an address that is none', { dataInterface: DataInterface.of({ privateIpAddress: '10.0.0' }) },
      "'privateIpAddress' must be an IPv4 address of the subnet, got '10.0.0'"],
    ['on more queues than a card has for all its ENIs', { instanceType: new ec2.InstanceType('c6i.8xlarge'),
      additionalInterfaces: [32, 32].map(queueCount => DataInterface.of({ queueCount })) },
      "the ENIs of network card 0 of c6i.8xlarge may have 64 queues together, got 80; lower a 'queueCount'"],
    ['on queues that a type does not have', { instanceType: new ec2.InstanceType('c6in.large'), additionalInterfaces: [DataInterface.of({ queueCount: 64 })] },
      "'queueCount' must be a power of two up to 2 on c6in.large, got 64"],
  ])('%s', (_, props, message) => {
    expect(() => feedStack(props)).toThrow(new Error(message.includes('(at') ? message : `${message} (at Demo/Feed)`));
  });

  test('on an address of another subnet', () => {
    const stack = new cdk.Stack(new cdk.App(), 'Demo', { env: { account: '123456789012', region: 'eu-west-1' } });
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1', availabilityZones: ['eu-west-1a'], privateSubnetIds: ['subnet-1'], privateSubnetIpv4CidrBlocks: ['10.0.1.0/24'],
    });
    const feed = (id: string, privateIpAddress: string) =>
      new LowLatencyInstance(stack, id, { vpc, dataPlane: DataPlane.kernel(), dataInterface: DataInterface.of({ privateIpAddress }) });
    expect(() => feed('Feed', '10.0.2.7')).toThrow(new Error("'privateIpAddress' must be an address of its subnet, 10.0.1.0/24, got 10.0.2.7 (at Demo/Feed)"));
    expect(() => feed('Other', '10.0.1.7')).not.toThrow();
    const unknown = ec2.Vpc.fromVpcAttributes(stack, 'Unknown', { vpcId: 'vpc-2', availabilityZones: ['eu-west-1a'], privateSubnetIds: ['subnet-2'] });
    expect(() => new LowLatencyInstance(stack, 'Third', {
      vpc: unknown, dataPlane: DataPlane.kernel(), dataInterface: DataInterface.of({ privateIpAddress: '10.0.2.7' }),
    })).not.toThrow();
  });
});
