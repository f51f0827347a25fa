// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as cdk from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { CoreLayout, DataInterface, DataPlane, HostImage, HostOs, HostTuning, LowLatencyInstance, UdpFlow } from '../../lib';
import { packageRoot } from '../../lib/private/package-root';
import { demoStack, feedStack, launchTemplateData, planOf, template, userData } from './fixtures/stack';

describe('the launch template', () => {
  test('has the management ENI on card 0 and the data ENI on card 1', () => {
    const { stack } = feedStack();
    const [management, data] = launchTemplateData(stack).NetworkInterfaces as Record<string, unknown>[];
    expect(management).toMatchObject({ NetworkCardIndex: 0, DeviceIndex: 0, DeleteOnTermination: true });
    expect(data).toMatchObject({ NetworkCardIndex: 1, DeviceIndex: 1, DeleteOnTermination: true });
    expect(data.SubnetId).toEqual(management.SubnetId);
    expect(data.Groups).not.toEqual(management.Groups);
    expect(launchTemplateData(stack).SecurityGroupIds).toBeUndefined();
    expect(management.AssociatePublicIpAddress).toBeUndefined();
  });

  test('is hardened', () => {
    const { stack } = feedStack();
    expect(launchTemplateData(stack)).toMatchObject({
      InstanceType: 'c6in.32xlarge',
      CpuOptions: { CoreCount: 64, ThreadsPerCore: 1 },
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      Monitoring: { Enabled: true },
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeType: 'gp3', VolumeSize: 20 } }],
    });
    template(stack).hasResourceProperties('AWS::EC2::PlacementGroup', { Strategy: 'cluster' });
  });

  test('names the instance after its construct', () => {
    const { stack } = feedStack();
    const [instanceTags] = launchTemplateData(stack).TagSpecifications as { Tags: unknown }[];
    expect(instanceTags.Tags).toEqual([{ Key: 'Name', Value: 'Demo/Feed' }]);
  });

  test('takes its image from SSM when it is launched, so that a newer image alone replaces nothing', () => {
    const { stack } = feedStack();
    expect(launchTemplateData(stack).ImageId).toBe('resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.12-x86_64');
  });

  test('follows the architecture of the instance type', () => {
    const { stack } = feedStack({ instanceType: ec2.InstanceType.of(ec2.InstanceClass.C7GN, ec2.InstanceSize.XLARGE16) });
    expect(launchTemplateData(stack).ImageId).toMatch(/^resolve:ssm:.*-arm64$/);
    expect(launchTemplateData(stack).CpuOptions).toBeUndefined();
    expect(planOf(stack)).toMatchObject({ KB_INSTANCE_TYPE: 'c7gn.16xlarge', KB_DATA_CARD: '0' });
  });

  test('can be given everything about the data ENI', () => {
    const { stack, vpc } = demoStack();
    const group = new ec2.SecurityGroup(stack, 'Own', { vpc });
    new LowLatencyInstance(stack, 'Feed', {
      vpc,
      dataPlane: DataPlane.dpdk(),
      dataInterface: DataInterface.of({
        networkCard: 0, deviceIndex: 3, subnet: vpc.privateSubnets[0], securityGroups: [group], queueCount: 16, enaExpress: true,
        mtu: 8900, udpTimeout: cdk.Duration.seconds(60), udpStreamTimeout: cdk.Duration.seconds(120),
      }),
    });
    expect(launchTemplateData(stack).NetworkInterfaces[1]).toEqual({
      Description: 'Demo-Feed data',
      NetworkCardIndex: 0,
      DeviceIndex: 3,
      SubnetId: stack.resolve(vpc.privateSubnets[0].subnetId),
      Groups: [stack.resolve(group.securityGroupId)],
      DeleteOnTermination: true,
      EnaQueueCount: 16,
      EnaSrdSpecification: { EnaSrdEnabled: true, EnaSrdUdpSpecification: { EnaSrdUdpEnabled: true } },
      ConnectionTrackingSpecification: { UdpTimeout: 60, UdpStreamTimeout: 120 },
    });
    expect(planOf(stack)).toMatchObject({ KB_DATA_DEVICE: '3', KB_DATA_CARD: '0', KB_MTU: '8900' });
  });

  test('takes security groups that join later', () => {
    const { stack, vpc, feed } = feedStack();
    const group = new ec2.SecurityGroup(stack, 'Late', { vpc });
    feed.connections.addSecurityGroup(group);
    expect(launchTemplateData(stack).NetworkInterfaces[1].Groups).toContainEqual(stack.resolve(group.securityGroupId));
  });

  test('takes role, groups, placement group, image and volume size of the user', () => {
    const { stack, vpc } = demoStack();
    const role = new iam.Role(stack, 'Own', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    const group = new ec2.SecurityGroup(stack, 'Management', { vpc });
    const placementGroup = new ec2.PlacementGroup(stack, 'Group', { strategy: ec2.PlacementGroupStrategy.CLUSTER });
    const feed = new LowLatencyInstance(stack, 'Feed', {
      vpc, dataPlane: DataPlane.kernel(), role, placementGroup, managementSecurityGroup: group,
      machineImage: ec2.MachineImage.genericLinux({ 'eu-west-1': 'ami-1' }),
      rootVolumeSize: cdk.Size.gibibytes(50),
      vpcSubnets: { subnets: [ec2.Subnet.fromSubnetId(stack, 'Chosen', 'subnet-1')] },
      os: HostOs.ubuntu2404(),
    });
    expect(feed.role).toBe(role);
    expect(feed.placementGroup).toBe(placementGroup);
    const data = launchTemplateData(stack);
    expect(data.NetworkInterfaces[0]).toMatchObject({
      Groups: [stack.resolve(group.securityGroupId)], SubnetId: 'subnet-1',
    });
    expect(data.BlockDeviceMappings).toMatchObject([{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 50 } }]);
    expect(data.ImageId).toEqual({ 'Fn::FindInMap': expect.anything() });
    template(stack).resourceCountIs('AWS::EC2::PlacementGroup', 1);
    template(stack).resourceCountIs('AWS::IAM::Role', 1);
  });
});

describe('the instance', () => {
  test('has everything from the template and waits for its policies', () => {
    const { stack } = feedStack();
    template(stack).hasResource('AWS::EC2::Instance', {
      Properties: { LaunchTemplate: { LaunchTemplateId: Match.anyValue(), Version: { 'Fn::GetAtt': [Match.anyValue(), 'LatestVersionNumber'] } } },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^FeedRoleDefaultPolicy')]),
    });
  });

  test('is the default child', () => {
    const { feed } = feedStack();
    expect(feed.node.defaultChild).toBeInstanceOf(ec2.CfnInstance);
  });

  test('may do no more than it must', () => {
    const { stack } = feedStack();
    const policies = Object.values(template(stack).findResources('AWS::IAM::Policy')) as any[];
    expect(policies).toHaveLength(1);
    expect(policies[0].Properties.PolicyDocument.Statement).toEqual([
      { Action: 's3:GetObject', Effect: 'Allow', Resource: expect.objectContaining({ 'Fn::Join': expect.anything() }) },
      {
        Action: [
          'ssm:UpdateInstanceInformation',
          'ssmmessages:CreateControlChannel', 'ssmmessages:CreateDataChannel', 'ssmmessages:OpenControlChannel', 'ssmmessages:OpenDataChannel',
        ],
        Effect: 'Allow',
        Resource: '*',
      },
      {
        Action: 'cloudwatch:PutMetricData',
        Condition: { StringEquals: { 'cloudwatch:namespace': 'KernelBypass' } },
        Effect: 'Allow',
        Resource: '*',
      },
    ]);
    expect(JSON.stringify(policies[0])).toMatch(/[0-9a-f]{64}\.tar/);
    template(stack).hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
  });

  test('listens to nobody until somebody is allowed', () => {
    const { stack, feed } = feedStack();
    feed.connections.allowFrom(ec2.Peer.ipv4('10.1.0.0/16'), ec2.Port.udp(9000));
    const groups = Object.entries(template(stack).findResources('AWS::EC2::SecurityGroup')) as [string, any][];
    const ingress = Object.fromEntries(groups.map(([id, group]) => [id.replace(/[0-9A-F]{8}$/, ''), group.Properties.SecurityGroupIngress]));
    expect(ingress).toEqual({
      FeedManagementSecurityGroup: undefined,
      FeedDataSecurityGroup: [expect.objectContaining({ CidrIp: '10.1.0.0/16', FromPort: 9000, IpProtocol: 'udp' })],
    });
  });

  test('grants through its role', () => {
    const { stack, feed } = feedStack();
    const topic = new cdk.aws_sns.Topic(stack, 'Topic');
    topic.grantPublish(feed);
    template(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'sns:Publish' })]) },
    });
  });
});

describe('what only seems to be wrong', () => {
  test('an instance in place of one that was taken away again', () => {
    const { stack, vpc } = feedStack();
    stack.node.tryRemoveChild('Feed');
    expect(new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.kernel() }).instanceName).toBe('Demo-Feed');
  });

  test.each(['Inner', 'Beside'])('an image of a nested stack, for a host in the stack %s', where => {
    const { stack, vpc } = demoStack();
    const [inner, beside] = ['Inner', 'Beside'].map(id => new cdk.NestedStack(stack, id));
    const dataPlane = DataPlane.dpdk();
    const image = new HostImage(inner, 'Image', { vpc, dataPlane });
    new LowLatencyInstance(where === 'Inner' ? stack : beside, 'Feed', { vpc, dataPlane, image });
    expect(() => (stack.node.root as cdk.App).synth()).not.toThrow();
  });
});

describe('what only seems to fit', () => {
  test('a path longer than a tag is cut at its beginning', () => {
    const { stack, vpc } = demoStack();
    const inner = ['a', 'b', 'c', 'd'].reduce<Construct>((scope, id) => new Construct(scope, id.repeat(80)), stack);
    new LowLatencyInstance(inner, 'Feed', { vpc, dataPlane: DataPlane.kernel() });
    const [{ Tags: [{ Value: value }] }] = launchTemplateData(stack).TagSpecifications as { Tags: { Value: string }[] }[];
    expect(value).toMatch(/^a.*\/d{80}\/Feed$/);
    expect(value).toHaveLength(256);
  });

  test('an isolated subnet is told what it needs', () => {
    const stack = new cdk.Stack(undefined, 'Demo');
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 1, subnetConfiguration: [{ name: 'Inner', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }] });
    const vpcSubnets = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
    new LowLatencyInstance(stack, 'Feed', { vpc, vpcSubnets, dataPlane: DataPlane.kernel() });
    Annotations.fromStack(stack).hasWarning('/Demo/Feed', Match.stringLikeRegexp(
      'Demo/Vpc/InnerSubnet1 has no way out: see that the VPC has endpoints for S3, .*cdk-kernel-bypass:isolatedSubnet'));
    const { stack: other } = feedStack();
    expect(Annotations.fromStack(other).findWarning('*', Match.stringLikeRegexp('isolatedSubnet'))).toEqual([]);
  });
});

describe('the boot gate', () => {
  const ids = (stack: cdk.Stack) => [
    ...Object.keys(template(stack).findResources('AWS::CloudFormation::WaitConditionHandle')),
    ...Object.keys(template(stack).findResources('AWS::CloudFormation::WaitCondition')),
  ];

  test('waits an hour, after the instance, for the handle in the plan', () => {
    const { stack } = feedStack();
    const [handle] = ids(stack);
    template(stack).hasResource('AWS::CloudFormation::WaitCondition', {
      Properties: { Handle: { Ref: handle }, Timeout: '3600', Count: 1 },
      DependsOn: [Match.stringLikeRegexp('^Feed[0-9A-F]{8}$')],
    });
    expect(planOf(stack).KB_SIGNAL_URL).toBe(`<{"Ref":"${handle}"}>`);
  });

  test('is the same one as long as nothing about the boot changes', () => {
    expect(ids(feedStack().stack)).toEqual(ids(feedStack().stack));
  });

  const changes: [string, Partial<ConstructorParameters<typeof LowLatencyInstance>[2]>][] = [
    ['the plan', { dataPlane: DataPlane.afXdp({ queues: 2 }) }],
    ['the timeout', { bootTimeout: cdk.Duration.hours(2) }],
    ['the volume, which is in the template alone', { rootVolumeSize: cdk.Size.gibibytes(40) }],
    ['the queue count, which is in the ENI alone', { dataInterface: DataInterface.of({ queueCount: 16 }) }],
  ];
  test.each(changes)('is a new one when %s changes', (_, props) => {
    const [before, after] = [ids(feedStack().stack), ids(feedStack(props).stack)];
    expect(after).toHaveLength(2);
    expect(after.filter(id => before.includes(id))).toEqual([]);
  });

  test('is a new one when the launch template is changed through an escape hatch', () => {
    const before = ids(feedStack().stack);
    const overridden = feedStack();
    (overridden.feed.launchTemplate.node.defaultChild as ec2.CfnLaunchTemplate)
      .addPropertyOverride('LaunchTemplateData.BlockDeviceMappings.0.Ebs.Throughput', 500);
    expect(new Set([...before, ...ids(overridden.stack)]).size).toBe(4);
  });

  // CloudFormation makes no version of a template for any of these; another gate, which is in the user data, would.
  const innocent: [string, (template: ec2.CfnLaunchTemplate) => void][] = [
    ['metadata, as checkers of templates take it', resource => resource.addMetadata('cdk_nag', { rules_to_suppress: [] })],
    ['a removal policy', resource => resource.applyRemovalPolicy(cdk.RemovalPolicy.RETAIN)],
    ['something to wait for', resource => resource.node.addDependency(new cdk.CfnWaitConditionHandle(resource.stack, 'Other'))],
  ];
  test.each(innocent)('is the same one when the launch template is given %s', (_, change) => {
    const { stack, feed } = feedStack();
    change(feed.launchTemplate.node.defaultChild as ec2.CfnLaunchTemplate);
    expect(ids(stack)).toEqual(expect.arrayContaining(ids(feedStack().stack)));
  });

  test('is the same one with and without path metadata, which the CDK adds when it deploys', () => {
    const built = (context: Record<string, unknown>) => {
      const { stack, vpc } = demoStack(new cdk.App({ context }));
      new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.afXdp() });
      return ids(stack);
    };
    expect(built({ 'aws:cdk:enable-path-metadata': true })).toEqual(built({}));
  });

  test('is a new one when the launch template becomes another resource', () => {
    const { stack, feed } = feedStack();
    (feed.launchTemplate.node.defaultChild as ec2.CfnLaunchTemplate).overrideLogicalId('Another');
    expect(new Set([...ids(feedStack().stack), ...ids(stack)]).size).toBe(4);
  });

  test('keeps its construct paths', () => {
    const { feed } = feedStack({ bootTimeout: cdk.Duration.hours(2) });
    expect(feed.node.tryFindChild('Ready')).toBeDefined();
    expect(feed.node.tryFindChild('ReadyHandle')).toBeDefined();
  });
});

describe('the user data', () => {
  test('is the bootstrap script and the plan', () => {
    const text = userData(feedStack().stack);
    expect(text).toMatch(/^#!\/bin\/bash\n/);
    expect(text.slice(text.indexOf('\nexit 0\n'))).toMatch(/^\nexit 0\n# kb-plan\n(KB_\w+=".*"\n)+$/);
  });

  test('names the asset by the hash the host will check', () => {
    const { stack } = feedStack();
    const { KB_ASSET_SHA256, KB_ASSET_URL, KB_REGION } = planOf(stack);
    expect(KB_ASSET_SHA256).toMatch(/^[0-9a-f]{64}$/);
    expect(KB_ASSET_URL).toMatch(/^<\{"Fn::Sub":"https:\/\/s3\.\$\{AWS::Region\}\.\$\{AWS::URLSuffix\}\/.*\.tar"\}>$/);
    expect(KB_REGION).toBe('<{"Ref":"AWS::Region"}>');
  });

  test('fails when it would be larger than EC2 takes', () => {
    const kernelArguments = Array.from({ length: 4000 }, (_, i) => `argument${i}`);
    expect(() => feedStack({ tuning: HostTuning.custom({ kernelArguments }) })).toThrow(
      /^user data may have at most 16384 bytes, got 5\d{4}; the largest value is KB_KERNEL_ARGS with 5\d{4} bytes \(at Demo\/Feed\)$/);
  });
});

describe('several of them', () => {
  test('two in one stack', () => {
    const { stack, vpc } = demoStack();
    for (const id of ['A', 'B']) {
      new LowLatencyInstance(stack, id, { vpc, dataPlane: DataPlane.kernel(), instanceType: new ec2.InstanceType('c6in.4xlarge') });
    }
    template(stack).resourceCountIs('AWS::EC2::Instance', 2);
    template(stack).resourceCountIs('AWS::CloudFormation::WaitCondition', 2);
  });

  test('two stacks of one app have no physical name in common', () => {
    const app = new cdk.App();
    const stacks = ['One', 'Two'].map(id => {
      const { stack, vpc } = demoStack(app, id);
      new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.kernel() });
      return stack;
    });
    for (const stack of stacks) {
      expect(JSON.stringify(template(stack).toJSON())).not.toMatch(
        /"(RoleName|GroupName|LaunchTemplateName|DashboardName|InstanceProfileName)":"/);
    }
  });
});

describe('environments', () => {
  test('an imported VPC, whose subnets are known by their ids', () => {
    const stack = new cdk.Stack(new cdk.App(), 'Demo');
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1', availabilityZones: ['eu-west-1a'], privateSubnetIds: ['subnet-1'],
    });
    new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.xdp() });
    expect(launchTemplateData(stack).NetworkInterfaces[0].SubnetId).toBe('subnet-1');
  });

  test('a VPC that is known by tokens alone', () => {
    const stack = new cdk.Stack(new cdk.App(), 'Demo');
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: cdk.Fn.importValue('Vpc'),
      availabilityZones: cdk.Fn.getAzs(),
      privateSubnetIds: [cdk.Fn.importValue('Subnet')],
    });
    new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.xdp() });
    expect(launchTemplateData(stack).NetworkInterfaces[0].SubnetId).toEqual({ 'Fn::ImportValue': 'Subnet' });
  });

  test('a mirror that is known at deploy time', () => {
    const { stack } = feedStack({ packageBaseUrl: cdk.Fn.importValue('Mirror') });
    expect(planOf(stack).KB_PACKAGE_BASE_URL).toBe('<{"Fn::ImportValue":"Mirror"}>');
  });

  test('a region that is given', () => {
    const stack = new cdk.Stack(new cdk.App(), 'Demo', { env: { account: '123456789012', region: 'eu-west-1' } });
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 1 });
    new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.kernel() });
    expect(planOf(stack).KB_REGION).toBe('eu-west-1');
  });
});

describe('fails', () => {
  test.each<[string, () => unknown, string | RegExp]>([
    ['with the construct path', () => feedStack({ dataPlane: DataPlane.dpdk({ queues: 64 }) }),
      "'queues' must be between 1 and 32 on c6in.32xlarge, got 64 (at Demo/Feed)"],
    ['with everything at once', () => feedStack({ dataPlane: DataPlane.dpdk({ queues: 64, flows: [UdpFlow.port(0)] }) }),
      "2 problems (at Demo/Feed):\n  - 'queues' must be between 1 and 32 on c6in.32xlarge, got 64\n  - 'port' must be between 1 and 65535, got 0"],
    ['on network card 2', () => feedStack({ dataInterface: DataInterface.of({ networkCard: 2 }) }),
      "'networkCard' must be between 0 and 1 on c6in.32xlarge, got 2 (at Demo/Feed)"],
    ['on MTU 9001 with AF_XDP', () => feedStack({ dataInterface: DataInterface.of({ mtu: 9001 }) }),
      "'mtu' must be at most 3498 with AF_XDP, one buffer per frame, got 9001 (at Demo/Feed)"],
    ['on huge pages over memory', () => feedStack({ tuning: HostTuning.custom({ hugePagesPerNode: 131072 }) }),
      "'hugePagesPerNode' asks for 131072 huge pages of 2MiB on 2 NUMA nodes, 512 GiB in all; "
      + 'c6in.32xlarge has 256 GiB, of which at most 192 may be huge pages (at Demo/Feed)'],
    ['on cores that do not exist', () => feedStack({ coreLayout: CoreLayout.of({ receive: '99', housekeeping: '0' }) }),
      "'receive' has CPU 99, but c6in.32xlarge has CPUs 0-63 (at Demo/Feed)"],
    ['on an instance type it does not know', () => feedStack({ instanceType: new ec2.InstanceType('t3.micro') }),
      /^'instanceType' t3\.micro is not a type this library knows; use one of the families .* \(at Demo\/Feed\)$/],
    ['on a decision that rests on a token', () => feedStack({ dataPlane: DataPlane.dpdk({ queues: cdk.Token.asNumber({ Ref: 'Queues' }) }) }),
      "'queues' must be known at synth, got a token (at Demo/Feed)"],
    ['on a flow that rests on a token', () => feedStack({ dataPlane: DataPlane.dpdk({ flows: [UdpFlow.address(cdk.Fn.importValue('Group'), 1)] }) }),
      "'address' must be known at synth, got a token (at Demo/Feed)"],
    ['on an instance type that is a token', () => feedStack({ instanceType: new ec2.InstanceType(cdk.Fn.importValue('Type')) }),
      /token/],
    ['on a name that is no dimension', () => feedStack({ instanceName: 'my feed' }),
      "'instanceName' must be 1 to 127 letters, digits, '.', '_' and '-', got 'my feed' (at Demo/Feed)"],
    ['on a timeout that no wait condition has', () => feedStack({ bootTimeout: cdk.Duration.hours(13) }),
      "'bootTimeout in seconds' must be between 600 and 43200, got 46800 (at Demo/Feed)"],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(typeof message === 'string' ? new Error(message) : message);
  });

  test('on a data subnet in another Availability Zone', () => {
    const stack = new cdk.Stack(new cdk.App(), 'Demo', { env: { account: '123456789012', region: 'eu-west-1' } });
    const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['eu-west-1a', 'eu-west-1b'] });
    expect(() => new LowLatencyInstance(stack, 'Feed', {
      vpc, dataPlane: DataPlane.kernel(), dataInterface: DataInterface.of({ subnet: vpc.privateSubnets[1] }),
    })).toThrow(new Error('the subnet of the data interface must be in the Availability Zone of the instance, eu-west-1a, got eu-west-1b (at Demo/Feed)'));
  });

  test.each([1, 5])('at synth on an alarm with a period of %d s', seconds => {
    const { stack, feed } = feedStack();
    feed.metricReceiveLatency({ period: cdk.Duration.seconds(seconds) }).createAlarm(stack, 'Slow', { threshold: 50, evaluationPeriods: 3 });
    expect(() => template(stack)).toThrow(`the period of an alarm must be at least 10 seconds, got ${seconds} (at Demo/Slow/Resource)`);
  });

  test('at synth on an alarm on an expression with such a period', () => {
    const { stack, feed } = feedStack();
    const expression = new cloudwatch.MathExpression({
      expression: 'a / b', usingMetrics: { a: feed.metricPacketsLost(), b: feed.metricPacketsReceived() }, period: cdk.Duration.seconds(5),
    });
    expression.createAlarm(stack, 'Share', { threshold: 0.01, evaluationPeriods: 1 });
    expect(() => template(stack)).toThrow('the period of an alarm must be at least 10 seconds, got 5 (at Demo/Share/Resource)');
  });

  test('not on one with 10 s, nor on graphs', () => {
    const { stack, feed } = feedStack();
    feed.metricReceiveLatency({ period: cdk.Duration.seconds(10) }).createAlarm(stack, 'Slow', { threshold: 50, evaluationPeriods: 3 });
    new cloudwatch.Dashboard(stack, 'Graphs').addWidgets(
      new cloudwatch.GraphWidget({ left: [feed.metricReceiveLatency({ period: cdk.Duration.seconds(1) })] }));
    template(stack).resourceCountIs('AWS::CloudWatch::Alarm', 1);
  });
});

describe('warns', () => {
  test('by ids that can be acknowledged', () => {
    const { stack, feed } = feedStack({
      os: HostOs.debian13(), dataPlane: DataPlane.afXdp({ flows: [UdpFlow.address('239.1.1.1', 9000)] }),
    });
    Annotations.fromStack(stack).hasWarning('/Demo/Feed', Match.stringLikeRegexp('copies every packet.*cdk-kernel-bypass:copyMode'));
    Annotations.fromStack(stack).hasWarning('/Demo/Feed', Match.stringLikeRegexp('transit gateway.*cdk-kernel-bypass:multicast'));
    expect(feed.node.metadata.filter(({ type }) => type === 'aws:cdk:warning')).toHaveLength(2);
  });

  test('not on the defaults', () => {
    const { feed } = feedStack();
    expect(feed.node.findAll().flatMap(({ node }) => node.metadata).filter(({ type }) => type === 'aws:cdk:warning')).toEqual([]);
  });
});

describe('feature flags', () => {
  const flags = (JSON.parse(fs.readFileSync(path.join(packageRoot(), 'cdk.json'), 'utf8')) as { context: object }).context;
  test.each<[string, object]>([['as a new app has them', flags], ['left as they were', {}]])('%s change nothing that matters', (_, context) => {
    const app = new cdk.App({ context: context });
    const { stack, vpc } = demoStack(app);
    new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.dpdk() });
    const { UserData, ...data } = launchTemplateData(stack);
    expect(Object.keys(data).sort()).toEqual([
      'BlockDeviceMappings', 'CpuOptions', 'IamInstanceProfile', 'ImageId', 'InstanceType', 'MetadataOptions', 'Monitoring',
      'NetworkInterfaces', 'Placement', 'TagSpecifications',
    ]);
    expect(UserData).toBeDefined();
  });
});

describe('metrics', () => {
  test.each<[string, (feed: LowLatencyInstance) => cloudwatch.Metric, string, string]>([
    ['metricReceiveLatency', feed => feed.metricReceiveLatency(), 'ReceiveLatency', 'p99'],
    ['metricOneWayLatency', feed => feed.metricOneWayLatency(), 'OneWayLatency', 'p99'],
    ['metricPacketsReceived', feed => feed.metricPacketsReceived(), 'PacketsReceived', 'Sum'],
    ['metricBytesReceived', feed => feed.metricBytesReceived(), 'BytesReceived', 'Sum'],
    ['metricPacketsLost', feed => feed.metricPacketsLost(), 'PacketsLost', 'Sum'],
    ['metricPacketsIgnored', feed => feed.metricPacketsIgnored(), 'PacketsIgnored', 'Sum'],
    ['metricSequenceGaps', feed => feed.metricSequenceGaps(), 'SequenceGaps', 'Sum'],
    ['metricPacketsUnexplained', feed => feed.metricPacketsUnexplained(), 'PacketsUnexplained', 'Sum'],
    ['metricPacketsSent', feed => feed.metricPacketsSent(), 'PacketsSent', 'Sum'],
    ['metricPacketsUnsent', feed => feed.metricPacketsUnsent(), 'PacketsUnsent', 'Sum'],
    ['metricAllowanceExceeded', feed => feed.metricAllowanceExceeded(), 'AllowanceExceeded', 'Sum'],
    ['metricReceiverUp', feed => feed.metricReceiverUp(), 'ReceiverUp', 'Minimum'],
    ['metricFastPath', feed => feed.metricFastPath(), 'FastPath', 'Minimum'],
    ['metric', feed => feed.metric('HandlerLatency'), 'HandlerLatency', 'p99'],
  ])('%s', (_, of, metricName, statistic) => {
    const { feed } = feedStack();
    expect(of(feed)).toMatchObject({
      namespace: 'KernelBypass', metricName, statistic, dimensions: { Name: 'Demo-Feed' }, period: cdk.Duration.minutes(1),
    });
  });

  test('take options', () => {
    const { feed } = feedStack();
    expect(feed.metricReceiveLatency({ statistic: 'p99.9', period: cdk.Duration.seconds(10), label: 'tail' })).toMatchObject({
      statistic: 'p99.9', period: cdk.Duration.seconds(10), label: 'tail', dimensions: { Name: 'Demo-Feed' },
    });
  });

  test('of one cause', () => {
    const { feed } = feedStack();
    expect(feed.metricPacketsLostBy('nic_overrun')).toMatchObject({
      metricName: 'PacketsLost', dimensions: { Name: 'Demo-Feed', Cause: 'nic_overrun' },
    });
  });

  test('alarm as the README does', () => {
    const { stack, feed } = feedStack();
    feed.metricReceiveLatency({ statistic: 'p99.9' }).createAlarm(stack, 'Slow', { threshold: 50, evaluationPeriods: 3 });
    template(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'KernelBypass', MetricName: 'ReceiveLatency', ExtendedStatistic: 'p99.9', Period: 60, Threshold: 50,
      Dimensions: [{ Name: 'Name', Value: 'Demo-Feed' }],
    });
  });
});

describe('imported', () => {
  test('passes through what is known', () => {
    const { stack, vpc } = demoStack();
    const group = new ec2.SecurityGroup(stack, 'Group', { vpc });
    const role = iam.Role.fromRoleName(stack, 'Role', 'feed-role');
    const feed = LowLatencyInstance.fromLowLatencyInstanceAttributes(stack, 'Feed', {
      instanceName: 'Other-Feed', instanceId: 'i-1', securityGroups: [group], role,
    });
    feed.connections.allowFromAnyIpv4(ec2.Port.udp(1));
    expect(feed.instanceId).toBe('i-1');
    expect(feed.grantPrincipal).toBe(role);
    expect(feed.metricPacketsReceived()).toMatchObject({ dimensions: { Name: 'Other-Feed' } });
    template(stack).hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: [Match.objectLike({ FromPort: 1 })] });
  });

  test('by tokens', () => {
    const { stack } = demoStack();
    const feed = LowLatencyInstance.fromLowLatencyInstanceAttributes(stack, 'Feed', {
      instanceName: cdk.Fn.importValue('Name'), instanceId: cdk.Fn.importValue('Id'),
    });
    expect(stack.resolve(feed.instanceId)).toEqual({ 'Fn::ImportValue': 'Id' });
  });

  test('grants nothing without a role', () => {
    const { stack } = demoStack();
    const feed = LowLatencyInstance.fromLowLatencyInstanceAttributes(stack, 'Feed', { instanceName: 'X', instanceId: 'i-1' });
    const topic = new cdk.aws_sns.Topic(stack, 'Topic');
    expect(() => topic.grantPublish(feed)).toThrow(/imported without a role/);
  });
});
