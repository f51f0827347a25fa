// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { App } from 'aws-cdk-lib';
import { packageRoot } from '../../lib/private/package-root';

/* bin/examples: each is an app of its own, which says at its top what it shows and how to run it. */

const FOLDER = path.join(packageRoot(), 'bin', 'examples');
const EXAMPLES = fs.readdirSync(FOLDER).filter(file => file.endsWith('.ts') && !file.endsWith('.d.ts')).map(file => path.basename(file, '.ts'));

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, any>;
}

interface Synthesised {
  readonly resources: readonly Resource[];
  readonly ofType: (type: string) => Record<string, any>[];
  readonly plan: Record<string, string>;
  readonly errors: readonly unknown[];
}

/** Synthesises an example in which `cdk -c` gave this context. */
function synthesise(example: string, context: Record<string, string> = {}): Synthesised {
  process.env.CDK_CONTEXT_JSON = JSON.stringify(context);
  try {
    let app: App | undefined;
    jest.isolateModules(() => {
      ({ app } = jest.requireActual<{ app: App }>(path.join(FOLDER, example)));
    });
    const { stacks } = app!.synth();
    const resources = stacks.flatMap(stack => Object.values((stack.template as { Resources: Record<string, Resource> }).Resources));
    const ofType = (type: string) => resources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
    const text = ofType('AWS::EC2::LaunchTemplate').map(({ LaunchTemplateData }) => JSON.stringify(LaunchTemplateData.UserData)).join('\n');
    return {
      resources,
      ofType,
      plan: Object.fromEntries([...text.matchAll(/(KB_\w+)=\\"(.*?)\\"/g)].map(([, key, value]) => [key, value])),
      errors: stacks.flatMap(stack => stack.messages.filter(({ level }) => level.valueOf() === 'error')),
    };
  } finally {
    delete process.env.CDK_CONTEXT_JSON;
  }
}

test.each(EXAMPLES)('%s says how to run it, and synthesises', example => {
  const [comment] = /\/\*[^]*?\*\//.exec(fs.readFileSync(path.join(FOLDER, `${example}.ts`), 'utf8'))!;
  expect(comment).toContain(`npx cdk synth -a 'node bin/examples/${example}.js'`);
  expect(synthesise(example).errors).toEqual([]);
});

test('single-feed follows sequence numbers', () => {
  const { plan, ofType } = synthesise('single-feed');
  expect(plan).toMatchObject({ KB_PLANE: 'afxdp', KB_FLOWS: 'udp:*:26400', KB_HANDLER: 'feed', KB_HANDLER_ARGS: 'format=moldudp64' });
  expect(ofType('AWS::CloudWatch::Alarm').map(({ MetricName }) => MetricName as string).sort())
    .toEqual(['PacketsUnexplained', 'ReceiveLatency', 'SequenceGaps']);
});

test('ab-feed arbitrates two lines, on another network card than management', () => {
  const { plan, ofType } = synthesise('ab-feed');
  expect(plan).toMatchObject({ KB_FLOWS: 'udp:*:26400,udp:*:26401', KB_HANDLER_ARGS: 'format=moldudp64 lines=26400,26401 reorder-us=500', KB_QUEUES: '1' });
  const [{ LaunchTemplateData }] = ofType('AWS::EC2::LaunchTemplate');
  expect(LaunchTemplateData.NetworkInterfaces.map((eni: { NetworkCardIndex: number }) => eni.NetworkCardIndex)).toEqual([0, 1]);
  expect(LaunchTemplateData.NetworkInterfaces[1].ConnectionTrackingSpecification).toEqual({ UdpTimeout: 60 });
});

describe('feed-replicator', () => {
  test('sends to the subscribers it is given', () => {
    const { plan, ofType } = synthesise('feed-replicator', { subscribers: '10.1.0.1:7000,10.1.0.2:7001' });
    expect(plan).toMatchObject({ KB_PLANE: 'dpdk', KB_HANDLER: 'fanout', KB_HANDLER_ARGS: 'to=10.1.0.1:7000,10.1.0.2:7001' });
    expect(JSON.stringify(ofType('AWS::CloudWatch::Dashboard'))).toContain('out to 2 subscribers');
    expect(ofType('AWS::CloudWatch::Alarm').map(({ MetricName }) => MetricName as string).sort()).toEqual(['AllowanceExceeded', 'PacketsUnsent']);
  });

  test.each([
    ['10.1.0.1', "'port' must be between 1 and 65535, got NaN (at FeedReplicator/Replicator)"],
    ['host:9000', "'address' of a subscriber must be an IPv4 address, got 'host' (at FeedReplicator/Replicator)"],
  ])('refuses %s', (subscribers, message) => {
    expect(() => synthesise('feed-replicator', { subscribers })).toThrow(message);
  });
});

test('fleet scales by the exchange\'s hours and keeps old hosts until new ones are ready', () => {
  const { resources, ofType } = synthesise('fleet');
  expect(ofType('AWS::AutoScaling::ScheduledAction').map(({ DesiredCapacity }) => DesiredCapacity as number)).toEqual([3, 2]);
  expect(resources.find(({ Type }) => Type === 'AWS::AutoScaling::AutoScalingGroup'))
    .toMatchObject({ UpdatePolicy: { AutoScalingReplacingUpdate: { WillReplace: true } }, Properties: { MinSize: '2', MaxSize: '3' } });
  expect(ofType('AWS::CloudFormation::WaitCondition')).toMatchObject([{ Count: 2 }]);
});

test('existing-vpc makes no network of its own, and alarms by name', () => {
  const { ofType, resources } = synthesise('existing-vpc');
  expect(resources.map(({ Type }) => Type)).not.toEqual(expect.arrayContaining(['AWS::EC2::VPC']));
  const [{ LaunchTemplateData }] = ofType('AWS::EC2::LaunchTemplate');
  expect(LaunchTemplateData.NetworkInterfaces).toMatchObject([{ SubnetId: 'subnet-0123456789abcdef0' }, { Groups: ['sg-0123456789abcdef1'] }]);
  expect(ofType('AWS::EC2::SecurityGroupIngress')).toMatchObject([
    { GroupId: 'sg-0123456789abcdef1', SourceSecurityGroupId: 'sg-0123456789abcdef0', FromPort: 9000 },
  ]);
  expect(ofType('AWS::CloudWatch::Alarm')).toMatchObject([{ Dimensions: [{ Name: 'Name', Value: 'trading-feed' }], TreatMissingData: 'breaching' }]);
});

test('baked-image makes one image, which host and fleet boot', () => {
  const { ofType, resources } = synthesise('baked-image');
  expect(resources.filter(({ Type }) => Type === 'AWS::ImageBuilder::Image')).toHaveLength(1);
  const images = ofType('AWS::EC2::LaunchTemplate').map(({ LaunchTemplateData }) => JSON.stringify(LaunchTemplateData.ImageId));
  expect(images).toEqual([expect.stringMatching(/ImageId/), images[0]]);
});

describe('multicast-or-unicast', () => {
  test('multicast joins a group through a transit gateway', () => {
    const { plan, ofType } = synthesise('multicast-or-unicast', { delivery: 'multicast' });
    expect(plan).toMatchObject({ KB_FLOWS: 'udp:239.1.1.1:9000' });
    expect(plan.KB_SYSCTLS).toContain('net.ipv4.conf.all.force_igmp_version=2');
    expect(ofType('AWS::EC2::TransitGatewayMulticastDomain')).toHaveLength(1);
  });

  test('unicast copies on one host', () => {
    const { plan, ofType } = synthesise('multicast-or-unicast', { delivery: 'unicast' });
    expect(plan).toMatchObject({ KB_HANDLER: 'fanout', KB_HANDLER_ARGS: 'to=10.0.0.21:9000,10.0.0.22:9000,10.0.0.23:9000' });
    expect(ofType('AWS::EC2::TransitGatewayMulticastDomain')).toHaveLength(0);
  });

  test('refuses a third way', () => {
    expect(() => synthesise('multicast-or-unicast', { delivery: 'pigeon' })).toThrow("'delivery' must be one of multicast or unicast, got 'pigeon'");
  });
});
