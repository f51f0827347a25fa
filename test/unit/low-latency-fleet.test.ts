// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { LowLatencyFleetProps } from '../../lib';
import { CapacityReservation, DataInterface, DataPlane, FleetUpdate, LowLatencyFleet, LowLatencyInstance } from '../../lib';
import { demoStack, launchTemplateData, planOf, template } from './fixtures/stack';

function fleetStack(props: Partial<LowLatencyFleetProps> = {}) {
  const { stack, vpc } = demoStack();
  return { stack, vpc, fleet: new LowLatencyFleet(stack, 'Feeds', { vpc, dataPlane: DataPlane.afXdp(), ...props }) };
}

function resource(stack: cdk.Stack, type: string): [string, any] {
  const [found, ...more] = Object.entries(template(stack).findResources(type));
  expect(more).toEqual([]);
  return found;
}

const group = (stack: cdk.Stack) => resource(stack, 'AWS::AutoScaling::AutoScalingGroup')[1];

describe('the group', () => {
  test('launches the latest version of the template, into one subnet', () => {
    const { stack, vpc } = fleetStack({ minCapacity: 2, maxCapacity: 4 });
    const [templateId] = resource(stack, 'AWS::EC2::LaunchTemplate');
    expect(group(stack).Properties).toMatchObject({
      MinSize: '2',
      MaxSize: '4',
      LaunchTemplate: { LaunchTemplateId: { Ref: templateId }, Version: { 'Fn::GetAtt': [templateId, 'LatestVersionNumber'] } },
      VPCZoneIdentifier: [stack.resolve(vpc.privateSubnets[0].subnetId)],
    });
    expect(group(stack).Properties.DesiredCapacity).toBeUndefined();
  });

  test('is one host unless told otherwise', () => {
    expect(group(fleetStack().stack).Properties).toMatchObject({ MinSize: '1', MaxSize: '1' });
    expect(group(fleetStack({ desiredCapacity: 3 }).stack).Properties).toMatchObject({ MinSize: '1', MaxSize: '3', DesiredCapacity: '3' });
  });

  test('leaves the subnets of the ENIs to EC2 Auto Scaling, which ignores those of a template', () => {
    const [management, data] = launchTemplateData(fleetStack().stack).NetworkInterfaces as Record<string, unknown>[];
    expect(management).toMatchObject({ NetworkCardIndex: 0, DeviceIndex: 0 });
    expect(data).toMatchObject({ NetworkCardIndex: 1, DeviceIndex: 1 });
    expect([management.SubnetId, data.SubnetId]).toEqual([undefined, undefined]);
  });

  test('takes the data subnet when it is the subnet of the group', () => {
    const { stack, vpc } = demoStack();
    new LowLatencyFleet(stack, 'Feeds', {
      vpc, dataPlane: DataPlane.kernel(), dataInterface: DataInterface.of({ subnet: vpc.privateSubnets[0] }),
    });
    expect(launchTemplateData(stack).NetworkInterfaces[1].SubnetId).toBeUndefined();
  });

  test('names its instances after the fleet', () => {
    const { stack } = fleetStack();
    expect(group(stack).Properties.Tags).toContainEqual({ Key: 'Name', Value: 'Demo/Feeds', PropagateAtLaunch: true });
  });

  test('waits for the policies of its hosts', () => {
    expect(group(fleetStack().stack).DependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/^FeedsRoleDefaultPolicy/)]));
  });

  test('scales as the user says', () => {
    const { stack, fleet } = fleetStack({ maxCapacity: 4 });
    fleet.autoScalingGroup.scaleOnSchedule('Open', { schedule: autoscaling.Schedule.cron({ hour: '7', minute: '0' }), desiredCapacity: 4 });
    template(stack).hasResourceProperties('AWS::AutoScaling::ScheduledAction', { DesiredCapacity: 4 });
  });

  test('has the plan of an instance but for its name', () => {
    const { stack, vpc } = demoStack();
    new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.afXdp() });
    const { KB_NAME, KB_SIGNAL_URL, KB_HEALTH_SECONDS, ...plan } = planOf(fleetStack().stack);
    expect(planOf(stack)).toMatchObject(plan);
    expect([KB_NAME, KB_HEALTH_SECONDS]).toEqual(['Demo-Feeds', '60']);
    expect(planOf(stack).KB_HEALTH_SECONDS).toBe('0'); // nobody would replace it
    expect(KB_SIGNAL_URL).toMatch(/FeedsReadyHandle/);
  });
});

describe('several types', () => {
  const types = ['c6in.16xlarge', 'c7gn.16xlarge'].map(name => new ec2.InstanceType(name));
  const planOfType = (data: any) => {
    const text = (data.UserData['Fn::Base64']['Fn::Join'][1] as unknown[]).filter(part => typeof part === 'string').join('');
    return Object.fromEntries([...text.matchAll(/^(KB_\w+)="(.*)"$/gm)].map(([, key, value]) => [key, value]));
  };

  test('are tried in order, each with a template and a plan of its own', () => {
    const { stack, fleet } = fleetStack({ fallbackInstanceTypes: types });
    const templates = [fleet.launchTemplate, ...fleet.fallbackLaunchTemplates].map(each => stack.resolve(each.launchTemplateId).Ref as string);
    expect(templates).toHaveLength(3);
    const { MixedInstancesPolicy: policy, LaunchTemplate } = group(stack).Properties;
    expect(LaunchTemplate).toBeUndefined();
    expect(policy.InstancesDistribution).toEqual({ OnDemandAllocationStrategy: 'prioritized', OnDemandPercentageAboveBaseCapacity: 100 });
    expect(policy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId).toEqual({ Ref: templates[0] });
    expect(policy.LaunchTemplate.Overrides).toEqual([
      { InstanceType: 'c6in.32xlarge' },
      ...types.map((type, index) => ({
        InstanceType: type.toString(),
        LaunchTemplateSpecification: {
          LaunchTemplateId: { Ref: templates[index + 1] }, Version: { 'Fn::GetAtt': [templates[index + 1], 'LatestVersionNumber'] },
        },
      })),
    ]);
    const all = template(stack).findResources('AWS::EC2::LaunchTemplate');
    const plans = templates.map(id => planOfType(all[id].Properties.LaunchTemplateData));
    expect(plans.map(plan => [plan.KB_INSTANCE_TYPE, plan.KB_DATA_CARD, plan.KB_RX_CORES])).toEqual([
      ['c6in.32xlarge', '1', '32'], ['c6in.16xlarge', '0', '2'], ['c7gn.16xlarge', '0', '2'],
    ]);
    expect(all[templates[2]].Properties.LaunchTemplateData.ImageId).toMatch(/arm64$/);
  });

  test('are waited for: another plan of any of them is another gate', () => {
    const gate = (fallbackInstanceTypes: ec2.InstanceType[]) =>
      resource(fleetStack({ fallbackInstanceTypes }).stack, 'AWS::CloudFormation::WaitCondition')[0];
    expect(gate([types[0]])).not.toBe(gate([types[1]]));
  });
});

describe('health', () => {
  test('is what the host says once a boot must be over, and the host may say it of its own group only', () => {
    const { stack } = fleetStack({ bootTimeout: cdk.Duration.minutes(30) });
    const [id, { Properties }] = resource(stack, 'AWS::AutoScaling::AutoScalingGroup');
    expect(Properties).toMatchObject({ HealthCheckType: 'EC2', HealthCheckGracePeriod: 1800 });
    const policies = Object.entries(template(stack).findResources('AWS::IAM::Policy')).filter(([name]) => name.startsWith('FeedsHealthPolicy'));
    expect(policies.map(([, policy]) => policy.Properties.PolicyDocument.Statement)).toEqual([[
      { Effect: 'Allow', Action: 'autoscaling:SetInstanceHealth', Resource: { 'Fn::Join': ['', expect.arrayContaining([{ Ref: id }])] } },
    ]]);
    expect(planOf(stack).KB_HEALTH_SECONDS).toBe('60');
  });

  test('is left to EC2 when it is asked to be', () => {
    const { stack } = fleetStack({ unhealthyAfter: cdk.Duration.seconds(0) });
    expect(planOf(stack).KB_HEALTH_SECONDS).toBe('0');
    expect(group(stack).Properties.HealthCheckGracePeriod).toBeUndefined();
    expect(JSON.stringify(template(stack).toJSON())).not.toContain('SetInstanceHealth');
  });
});

describe('reserved capacity', () => {
  const reservation = (options?: { instanceCount?: number }, props: Partial<LowLatencyFleetProps> = {}) =>
    fleetStack({ maxCapacity: 2, capacityReservation: CapacityReservation.of(options), ...props });

  test('is beside the hosts, for them alone, and they start nowhere else', () => {
    const { stack, fleet, vpc } = reservation({ instanceCount: 4 });
    const [id, { Properties }] = resource(stack, 'AWS::EC2::CapacityReservation');
    expect(Properties).toEqual({
      InstanceType: 'c6in.32xlarge', InstancePlatform: 'Linux/UNIX', InstanceCount: 4, InstanceMatchCriteria: 'targeted', EndDateType: 'unlimited',
      AvailabilityZone: stack.resolve(vpc.privateSubnets[0].availabilityZone),
      PlacementGroupArn: { 'Fn::Join': ['', expect.arrayContaining([stack.resolve(fleet.placementGroup.placementGroupName)])] },
    });
    expect(launchTemplateData(stack).CapacityReservationSpecification).toEqual({ CapacityReservationTarget: { CapacityReservationId: { Ref: id } } });
  });

  test('can be there already', () => {
    const arn = 'arn:aws-cn:resource-groups:cn-north-1:123456789012:group/feeds';
    const target = (capacityReservation: CapacityReservation) =>
      launchTemplateData(fleetStack({ capacityReservation }).stack).CapacityReservationSpecification.CapacityReservationTarget as object;
    expect(target(CapacityReservation.fromCapacityReservationId('cr-11111111'))).toEqual({ CapacityReservationId: 'cr-11111111' });
    expect(target(CapacityReservation.fromResourceGroupArn(arn))).toEqual({ CapacityReservationResourceGroupArn: arn });
  });

  test.each([[7, 0], [4, 1], [3, 0]])('of %d hosts in a spread group', (maxCapacity, warnings) => {
    const { stack, vpc } = demoStack();
    const placementGroup = new ec2.PlacementGroup(stack, 'Group', { strategy: ec2.PlacementGroupStrategy.SPREAD });
    const update = maxCapacity === 7 ? FleetUpdate.rolling() : FleetUpdate.replace();
    new LowLatencyFleet(stack, 'Feeds', { vpc, dataPlane: DataPlane.kernel(), placementGroup, maxCapacity, update });
    const found = Annotations.fromStack(stack).findWarning('/Demo/Feeds', Match.stringLikeRegexp('needs 8 instances for a while.*:spreadUpdate'));
    expect(found).toHaveLength(warnings);
  });

  test('is told to be too little for an update that needs twice as much', () => {
    const warning = Match.stringLikeRegexp('needs 4 instances for a while, and the capacity reservation has 2.*:capacityReservationUpdate');
    Annotations.fromStack(reservation().stack).hasWarning('/Demo/Feeds', warning);
    Annotations.fromStack(reservation({ instanceCount: 4 }).stack).hasNoWarning('/Demo/Feeds', warning);
    Annotations.fromStack(reservation({}, { update: FleetUpdate.rolling() }).stack).hasNoWarning('/Demo/Feeds', Match.stringLikeRegexp('capacityReservation'));
  });

  test('costs from the start', () => {
    const { stack } = reservation({ instanceCount: 4 });
    Annotations.fromStack(stack).hasInfo('/Demo/Feeds', Match.stringLikeRegexp('^4 x c6in.32xlarge'));
  });
});

describe('the boot gate', () => {
  const gate = (props: Partial<LowLatencyFleetProps> = {}) => {
    const { stack } = fleetStack(props);
    const [handle] = resource(stack, 'AWS::CloudFormation::WaitConditionHandle');
    const [id, condition] = resource(stack, 'AWS::CloudFormation::WaitCondition');
    return { stack, handle, id, condition };
  };

  test('waits, after the group, for as many hosts as there are at least', () => {
    const { stack, handle, condition } = gate({ minCapacity: 2, desiredCapacity: 3 });
    expect(condition).toMatchObject({ Properties: { Handle: { Ref: handle }, Count: 2, Timeout: '3600' } });
    expect(condition.DependsOn).toEqual([resource(stack, 'AWS::AutoScaling::AutoScalingGroup')[0]]);
  });

  test('for as many as the user says', () => {
    expect(gate({ desiredCapacity: 3, readyCount: 3 }).condition.Properties.Count).toBe(3);
    expect(gate({ minCapacity: 0, desiredCapacity: 2 }).condition.Properties.Count).toBe(1);
  });

  test.each<[string, Partial<LowLatencyFleetProps>, boolean]>([
    ['desiredCapacity', { desiredCapacity: 3 }, false],
    ['maxCapacity', { maxCapacity: 9 }, false],
    ['minCapacity beside a readyCount', { minCapacity: 3, readyCount: 2 }, false],
    ['the update policy', { update: FleetUpdate.rolling() }, false],
    ['minCapacity', { minCapacity: 3 }, true],
    ['readyCount', { readyCount: 1 }, true],
    ['the plan', { dataPlane: DataPlane.afXdp({ queues: 2 }) }, true],
  ])('%s changes: other hosts and another gate: %s', (_, change, others) => {
    const base = { minCapacity: 2, maxCapacity: 4 };
    const [before, after] = [gate(base), gate({ ...base, ...change })];
    expect(after.id !== before.id).toBe(others);
    expect(after.handle !== before.handle).toBe(others);
    expect(JSON.stringify(launchTemplateData(after.stack)) !== JSON.stringify(launchTemplateData(before.stack))).toBe(others);
  });
});

describe('an update', () => {
  test('makes a new group by default', () => {
    expect(group(fleetStack().stack).UpdatePolicy).toMatchObject({ AutoScalingReplacingUpdate: { WillReplace: true } });
  });

  test('rolls where capacity is not there twice, without waiting for signals that hosts cannot send', () => {
    const { stack } = fleetStack({ maxCapacity: 3, update: FleetUpdate.rolling({ maxBatchSize: 2, minInstancesInService: 1, pauseTime: cdk.Duration.minutes(5) }) });
    expect(group(stack).UpdatePolicy.AutoScalingRollingUpdate).toMatchObject({
      MaxBatchSize: 2, MinInstancesInService: 1, PauseTime: 'PT5M',
      SuspendProcesses: expect.arrayContaining(['ReplaceUnhealthy']),
    });
    expect(group(stack).UpdatePolicy.AutoScalingRollingUpdate.WaitOnResourceSignals).toBeUndefined();
    expect(group(stack).UpdatePolicy.AutoScalingReplacingUpdate).toBeUndefined();
    expect(group(stack).CreationPolicy).toBeUndefined();
  });

  test('rolls one by one', () => {
    expect(group(fleetStack({ update: FleetUpdate.rolling() }).stack).UpdatePolicy.AutoScalingRollingUpdate).toMatchObject({
      MaxBatchSize: 1, MinInstancesInService: 0, PauseTime: 'PT15M',
    });
  });
});

describe('fails', () => {
  const start = ', the hosts that the fleet starts with';
  test.each<[string, Partial<LowLatencyFleetProps>, string]>([
    ['on fewer than no hosts', { minCapacity: -1, desiredCapacity: 1 }, "'minCapacity' must be between 0 and 10000, got -1"],
    ['on a maximum below the minimum', { minCapacity: 3, maxCapacity: 2 }, "'maxCapacity' must be between 3 and 10000, got 2"],
    ['on more hosts than the maximum', { maxCapacity: 2, desiredCapacity: 3 }, "'desiredCapacity' must be between 1 and 2, got 3"],
    ['on nobody to wait for', { minCapacity: 0, maxCapacity: 2 },
      "'desiredCapacity' must be given with a 'minCapacity' of 0: a deployment waits for one host at least"],
    ['on half a host', { minCapacity: 1.5 }, "'minCapacity' must be between 0 and 10000, got 1.5"],
    ['on waiting for more than there are', { minCapacity: 2, readyCount: 3 }, `'readyCount' must be between 1 and 2${start}, got 3`],
    ['on a capacity that is a token', { minCapacity: cdk.Token.asNumber({ Ref: 'Size' }), maxCapacity: 3 },
      "'minCapacity' must be known at synth, got a token"],
    ['on a batch that is larger than the fleet', { update: FleetUpdate.rolling({ maxBatchSize: 2 }) }, "'maxBatchSize' must be 1, got 2"],
    ['on a fleet that may lose no host', { minCapacity: 2, update: FleetUpdate.rolling({ minInstancesInService: 2 }) },
      "'minInstancesInService' must be less than 'maxCapacity' (2), so that a host can be replaced, got 2"],
    ['on a pause that CloudFormation does not make', { update: FleetUpdate.rolling({ pauseTime: cdk.Duration.hours(2) }) },
      "'pauseTime in seconds' must be between 0 and 3600, got 7200"],
    ['on a type twice', { fallbackInstanceTypes: [new ec2.InstanceType('c6in.32xlarge')] },
      "'fallbackInstanceTypes' has c6in.32xlarge twice, or it is the 'instanceType'"],
    ['on a fallback that cannot have the plan', { fallbackInstanceTypes: [new ec2.InstanceType('c6in.large')], dataPlane: DataPlane.afXdp({ queues: 4 }) },
      "'queues' must be between 1 and 2 on c6in.large, got 4"],
    ['on health that is judged in haste', { unhealthyAfter: cdk.Duration.seconds(10) }, "'unhealthyAfter in seconds' must be between 30 and 3600, got 10"],
    ['on a reservation for fewer hosts than there may be', { maxCapacity: 3, capacityReservation: CapacityReservation.of({ instanceCount: 2 }) },
      "'instanceCount' must be between 3 and 10000 of the capacity reservation, for so many hosts, got 2"],
    ['on an address for all', { dataInterface: DataInterface.of({ privateIpAddress: '10.0.128.9' }) },
      'an Auto Scaling group gives each host ENIs and addresses of its own, got 10.0.128.9; take a LowLatencyInstance for what exists once'],
    ['on an ENI for all', { dataInterface: DataInterface.fromNetworkInterface('eni-11111111') },
      'an Auto Scaling group gives each host ENIs and addresses of its own, got eni-11111111; take a LowLatencyInstance for what exists once'],
    ["on the data ENI in the management ENI's place", { dataInterface: DataInterface.of({ deviceIndex: 0 }) },
      "'deviceIndex' 0 is taken by the management ENI; give the data interface 1 or more"],
  ])('%s', (_, props, message) => {
    expect(() => fleetStack(props)).toThrow(new RegExp(`^${message.replace(/[()]/g, '\\$&')}.*\\(at Demo/Feeds\\)$|${message.replace(/[()]/g, '\\$&')}\n`));
  });

  test('on ENIs in two subnets', () => {
    const { stack, vpc } = demoStack();
    expect(() => new LowLatencyFleet(stack, 'Feeds', {
      vpc, dataPlane: DataPlane.kernel(), dataInterface: DataInterface.of({ subnet: vpc.publicSubnets[0] }),
    })).toThrow(new Error("an Auto Scaling group puts all ENIs of an instance into one subnet: leave 'subnet' out of the data interface, "
      + "or give Demo/Vpc/PublicSubnet1 to 'vpcSubnets' (at Demo/Feeds)"));
  });
});

describe('what it gives', () => {
  test('metrics over all hosts, under one name', () => {
    const { fleet } = fleetStack();
    expect(fleet.metricReceiveLatency()).toMatchObject({
      namespace: 'KernelBypass', metricName: 'ReceiveLatency', statistic: 'p99', dimensions: { Name: 'Demo-Feeds' },
    });
    expect(fleet.metricReceiverUp()).toMatchObject({ statistic: 'Minimum' });
  });

  test('the number of hosts in service', () => {
    const { stack, fleet } = fleetStack();
    expect(stack.resolve(fleet.metricInServiceInstances())).toMatchObject({
      namespace: 'AWS/AutoScaling', metricName: 'GroupInServiceInstances', dimensions: { AutoScalingGroupName: { Ref: expect.stringMatching(/^Feeds/) } },
    });
    expect(group(stack).Properties.MetricsCollection).toEqual([{ Granularity: '1Minute' }]);
  });

  test('connections of the data ENIs and grants of the role', () => {
    const { stack, fleet } = fleetStack();
    fleet.connections.allowFrom(ec2.Peer.ipv4('10.1.0.0/16'), ec2.Port.udp(9000));
    new cdk.aws_sns.Topic(stack, 'Topic').grantPublish(fleet);
    template(stack).hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: [Match.objectLike({ FromPort: 9000 })] });
    template(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'sns:Publish' })]) },
    });
  });

  test('two in one stack', () => {
    const { stack, vpc } = fleetStack();
    new LowLatencyFleet(stack, 'Others', { vpc, dataPlane: DataPlane.kernel() });
    template(stack).resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 2);
  });
});

test('imported, it passes through what is known', () => {
  const { stack, vpc } = demoStack();
  const role = iam.Role.fromRoleName(stack, 'Role', 'feeds');
  const fleet = LowLatencyFleet.fromLowLatencyFleetAttributes(stack, 'Feeds', {
    fleetName: 'Other-Feeds', autoScalingGroupName: 'feeds', role, securityGroups: [new ec2.SecurityGroup(stack, 'Group', { vpc })],
  });
  expect(fleet.grantPrincipal).toBe(role);
  expect(fleet.metricPacketsReceived()).toMatchObject({ dimensions: { Name: 'Other-Feeds' } });
  expect(fleet.metricInServiceInstances()).toMatchObject({ dimensions: { AutoScalingGroupName: 'feeds' } });
  fleet.connections.allowFromAnyIpv4(ec2.Port.udp(1));
  template(stack).hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: [Match.objectLike({ FromPort: 1 })] });
});

// The validator is a WebAssembly module that takes seconds to load, once.
const patience = 120_000;

test.each<[string, FleetUpdate]>([['replaced', FleetUpdate.replace()], ['rolled', FleetUpdate.rolling()]])(
  'a fleet that is %s passes the validator of CDK', (_, update) => {
    const app = new cdk.App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
    const { stack, vpc } = demoStack(app);
    new LowLatencyFleet(stack, 'Feeds', { vpc, dataPlane: DataPlane.dpdk(), minCapacity: 2, maxCapacity: 4, update });
    new LowLatencyFleet(stack, 'Others', {
      vpc, dataPlane: DataPlane.dpdk(), update, fallbackInstanceTypes: [new ec2.InstanceType('c6in.16xlarge')],
      capacityReservation: CapacityReservation.of(), additionalInterfaces: [DataInterface.of()],
    });
    expect(() => app.synth()).not.toThrow();
  }, patience);
