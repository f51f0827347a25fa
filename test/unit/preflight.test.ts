// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CapacityReservation, DescribeCapacityReservationsCommand, DescribeImagesCommand, DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand, DescribeInstanceTypesCommand, DescribeSubnetsCommand, EC2Client, Image, InstanceTypeInfo,
  RunInstancesCommand, Subnet,
} from '@aws-sdk/client-ec2';
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { App, Size, Stack } from 'aws-cdk-lib';
import * as aws from 'aws-cdk-lib/aws-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { preflight } from '../../bin/commands/preflight';
import { Json, resolveValue } from '../../bin/preflight/cfn-values';
import { Launch, targetOfType, targetsOfTemplate } from '../../bin/preflight/target';
import { DataPlane, InstanceCapabilities, LowLatencyInstance, NicDriver } from '../../lib';
import type { InstanceCapabilitiesOptions } from '../../lib';

const ec2 = mockClient(EC2Client);
const quotas = mockClient(ServiceQuotasClient);
const { InstanceTypes } = JSON.parse(readFileSync(join(__dirname, 'fixtures', 'describe-instance-types.json'), 'utf8')) as {
  InstanceTypes: InstanceTypeInfo[];
};
const SUBNET = 'subnet-0123456789abcdef0';
let folder: string;
let out: string;
let err: string;

function awsError(name: string, message: string, httpStatusCode = 400): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kb-preflight-'));
  ec2.reset();
  quotas.reset();
  ec2.on(DescribeInstanceTypesCommand).callsFake((input: { InstanceTypes: string[] }) => ({
    InstanceTypes: InstanceTypes.filter(({ InstanceType }) => input.InstanceTypes.includes(InstanceType!)),
  }));
  ec2.on(DescribeInstanceTypeOfferingsCommand).resolves({ InstanceTypeOfferings: [{ Location: 'us-east-1a' }, { Location: 'us-east-1c' }] });
  ec2.on(DescribeSubnetsCommand).resolves({ Subnets: [{ SubnetId: SUBNET, AvailabilityZone: 'us-east-1a', AvailableIpAddressCount: 9 }] });
  ec2.on(DescribeImagesCommand).resolves({ Images: [image({})] });
  ec2.on(DescribeCapacityReservationsCommand).resolves({ CapacityReservations: [] });
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
  ec2.on(RunInstancesCommand).rejects(awsError('DryRunOperation', 'Request would have succeeded', 412));
  quotas.on(GetServiceQuotaCommand).resolves({ Quota: { Value: 1000 } });
  out = err = '';
  jest.spyOn(console, 'log').mockImplementation((text: string) => void (out += `${text}\n`));
  jest.spyOn(console, 'error').mockImplementation((text: string) => void (err += `${text}\n`));
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function image(change: Image): Image {
  return { ImageId: 'ami-1', Name: 'an image', State: 'available', EnaSupport: true, Architecture: 'x86_64', CreationDate: '2026-11-01', ...change };
}

/** The line of one check of the report. */
async function check(name: string, args: string[] = []): Promise<string> {
  await preflight.run(['--region', 'us-east-1', ...args]);
  return out.split('\n').find((text) => new RegExp(`^  (PASS|FAIL|SKIP)  ${name} `).test(text)) ?? `no check ${name}: ${out}${err}`;
}

/** The arguments for a template with this launch template. */
function template(...launches: object[]): string[] {
  const file = join(folder, 'T.template.json');
  const entries = launches.map((LaunchTemplateData, i) => [`T${i}`, { Type: 'AWS::EC2::LaunchTemplate', Properties: { LaunchTemplateData } }]);
  writeFileSync(file, JSON.stringify({ Resources: Object.fromEntries(entries) as object }));
  return ['--template', file];
}

const launch = (change: object) => ({ InstanceType: 'c6in.32xlarge', ImageId: 'ami-1', NetworkInterfaces: [{ DeviceIndex: 0 }], ...change });

describe('offering', () => {
  test('nowhere in the region', async () => {
    ec2.on(DescribeInstanceTypeOfferingsCommand).resolves({ InstanceTypeOfferings: [] });
    expect(await check('offering')).toMatch(/FAIL .*c6in.32xlarge is not offered in us-east-1/);
  });

  test('not in the zone of the subnet', async () => {
    ec2.on(DescribeSubnetsCommand).resolves({ Subnets: [{ SubnetId: SUBNET, AvailabilityZone: 'us-east-1e', AvailableIpAddressCount: 9 }] });
    expect(await check('offering', ['--subnet-id', SUBNET])).toMatch(/FAIL .*not offered in us-east-1e/);
    expect(out).toContain('fix: use a subnet in us-east-1a, us-east-1c');
  });

  test('in zones of the region, when the subnet is not known', async () => {
    expect(await check('offering')).toMatch(/PASS .*is offered in us-east-1a, us-east-1c/);
  });

  test('in the zone that the launch template names', async () => {
    expect(await check('offering', template(launch({ Placement: { AvailabilityZone: 'us-east-1b' } })))).toMatch(/FAIL .*not offered in us-east-1b/);
  });
});

describe('quota', () => {
  test('counts the launch templates of a stack together', async () => {
    quotas.on(GetServiceQuotaCommand).resolves({ Quota: { Value: 200 } });
    const args = template(launch({}), launch({ InstanceType: 'm8azn.24xlarge' }));
    expect(await check('quota', args)).toMatch(/FAIL .*224 vCPUs needed, 200 allowed, 0 in use/);
  });

  test('Spot has its own', async () => {
    expect(await check('quota', template(launch({ InstanceMarketOptions: { MarketType: 'spot' } })))).toMatch(/SKIP .*Spot/);
    expect(quotas.calls()).toHaveLength(0);
  });

  test('without the right to see what runs, the limit alone', async () => {
    ec2.on(DescribeInstancesCommand).rejects(awsError('UnauthorizedOperation', 'no', 403));
    expect(await check('quota')).toMatch(/PASS .*128 vCPUs needed, 1000 allowed \(Running/);
  });
});

describe('reservation', () => {
  const reserved = (change: CapacityReservation): void => {
    ec2.on(DescribeCapacityReservationsCommand).resolves({ CapacityReservations: [
      { CapacityReservationId: 'cr-1', InstanceMatchCriteria: 'open', AvailabilityZone: 'us-east-1a', AvailableInstanceCount: 2, ...change },
    ] });
  };
  const targeted = launch({ CapacityReservationSpecification: { CapacityReservationTarget: { CapacityReservationId: 'cr-1' } } });

  test.each<[string, CapacityReservation, object, RegExp]>([
    ['open', {}, launch({}), /PASS .*2 instances of c6in.32xlarge reserved and free/],
    ['for those who name it', { InstanceMatchCriteria: 'targeted' }, launch({}), /PASS .*no open reservation/],
    ['named, and free', { InstanceMatchCriteria: 'targeted' }, targeted, /PASS .*2 instances/],
    ['named, but used up', { AvailableInstanceCount: 0 }, targeted, /FAIL .*cr-1 has 0 of 1 instances free/],
    ['named, but another', { CapacityReservationId: 'cr-2' }, targeted, /FAIL .*cr-1 is not an active reservation for this type/],
  ])('%s', async (_, change, data, expected) => {
    reserved(change);
    expect(await check('reservation', template(data))).toMatch(expected);
  });

  test('open, but in another zone', async () => {
    reserved({ AvailabilityZone: 'us-east-1c' });
    expect(await check('reservation', ['--subnet-id', SUBNET])).toMatch(/PASS .*no open reservation/);
  });
});

describe('capabilities', () => {
  test('EC2 says something else than the table', async () => {
    const changed = structuredClone(InstanceTypes.find(({ InstanceType }) => InstanceType === 'c6in.32xlarge')!);
    changed.NetworkInfo!.NetworkCards!.forEach((card) => (card.MaximumEnaQueueCountPerInterface = 64));
    changed.PhcSupport = 'supported';
    ec2.on(DescribeInstanceTypesCommand).resolves({ InstanceTypes: [changed] });
    const line = await check('capabilities');
    expect(line).toMatch(/FAIL .*flags: "queues srd" in the table, "queues srd phc" at EC2; network cards: \[\[8,32,32,.* in the table, \[\[8,32,64,/);
    expect(out).toMatch(/fix: update the library/);
    expect(await check('hardware clock')).toMatch(/has (no|a) PTP hardware clock/);
  });

  test('a type without a row', async () => {
    expect(await check('capabilities', ['--type', 't3.large'])).toMatch(/SKIP .*t3.large is not in the table/);
  });

  describe('a type that the user described', () => {
    const described = InstanceTypes.find(({ InstanceType }) => InstanceType === 'c6in.4xlarge')!; // 8 cores, one card of 8 queues
    const CARD = { maximumNetworkInterfaces: 8, defaultEnaQueueCount: 8 };

    /** The line for a stack that was told this of a type, while EC2 says what it says of a c6in.4xlarge. */
    async function checkDescribed(options: Partial<InstanceCapabilitiesOptions>, dataPlane = DataPlane.afXdp()): Promise<string> {
      ec2.on(DescribeInstanceTypesCommand).resolves({ InstanceTypes: [{ ...described, InstanceType: 'c99in.4xlarge' as never }] });
      const stack = new Stack(new App({ builtinCloudFormationValidation: false }), 'Demo');
      new LowLatencyInstance(stack, 'Feed', {
        vpc: new aws.Vpc(stack, 'Vpc', { maxAzs: 1 }),
        dataPlane,
        instanceType: new aws.InstanceType('c99in.4xlarge'),
        instanceCapabilities: InstanceCapabilities.of({ cores: 8, memory: Size.gibibytes(32), networkCards: [CARD], ...options }),
      });
      const file = join(folder, 'D.template.json');
      writeFileSync(file, JSON.stringify((stack.node.root as App).synth().getStackByName('Demo').template));
      return check('capabilities', ['--template', file]);
    }

    test.each<[string, Partial<InstanceCapabilitiesOptions>, DataPlane, RegExp]>([
      ['as EC2 does', {}, DataPlane.afXdp(), /PASS .*c99in.4xlarge is not in the table of .*; EC2 has the cores, queues and memory/],
      ['with more cores', { cores: 64, numaNodes: 2, networkCards: [CARD, CARD] }, DataPlane.afXdp(),
        /FAIL .*the plan uses CPU 32, the type has CPUs 0-7; the plan's data ENI is on network card 1, the type has 1/],
      ['with more queues', { cores: 64, networkCards: [{ ...CARD, defaultEnaQueueCount: 64 }] }, DataPlane.afXdp({ queues: 40 }),
        /FAIL .*the plan uses 40 queues, an ENI has \d+/],
      ['with more memory', { memory: Size.gibibytes(4096) }, DataPlane.dpdk({ queues: 4, rxRing: 16384, mbufsPerQueue: 1048576 }),
        /FAIL .*the plan takes \d+ MiB of huge pages on each NUMA node, the type has 32768 MiB/],
      ['as metal', { bareMetal: true }, DataPlane.dpdk({ nicDriver: NicDriver.VFIO_PCI }), /FAIL .*vfio-pci, which needs the IOMMU of a metal type/],
    ])('%s', async (_, options, dataPlane, expected) => {
      expect(await checkDescribed(options, dataPlane)).toMatch(expected);
    });
  });
});

describe('interfaces', () => {
  const eni = (DeviceIndex: number, change: object = {}) => ({ DeviceIndex, NetworkCardIndex: 0, ...change });

  test.each<[string, object, RegExp]>([
    ['a card too many', { NetworkInterfaces: [eni(0), eni(1, { NetworkCardIndex: 2 })] }, /FAIL .*network card 2 does not exist: the type has 2/],
    ['one device index twice', { NetworkInterfaces: [eni(0), eni(0)] }, /FAIL .*two ENIs have one device index \(0, 0\)/],
    ['too many on a card', { NetworkInterfaces: Array.from({ length: 9 }, (_, i) => eni(i)) }, /FAIL .*9 ENIs on network card 0, which takes 8/],
    ['too many queues on an ENI', { NetworkInterfaces: [eni(0, { EnaQueueCount: 64 })] }, /FAIL .*64 queues on an ENI, which takes 32/],
    ['queues chosen where they cannot be', { InstanceType: 'c7gn.16xlarge', NetworkInterfaces: [eni(0, { EnaQueueCount: 8 })] }, /FAIL .*does not let the number of queues be chosen/],
    ['ENA Express', { InstanceType: 'c6in.4xlarge', NetworkInterfaces: [eni(0, { EnaSrdSpecification: { EnaSrdEnabled: true } })] }, /FAIL .*has no ENA Express/],
    ['half the CPU options', { CpuOptions: { ThreadsPerCore: 1 } }, /FAIL .*CPU options need both CoreCount and ThreadsPerCore/],
    ['cores that are not offered', { CpuOptions: { CoreCount: 5, ThreadsPerCore: 1 } }, /FAIL .*5 cores are not one of 4, 6, 8/],
    ['threads that are not offered', { CpuOptions: { CoreCount: 64, ThreadsPerCore: 3 } }, /FAIL .*3 threads per core are not one of 1, 2/],
    ['CPU options on metal', { InstanceType: 'c6in.metal', CpuOptions: { CoreCount: 64, ThreadsPerCore: 1 } }, /FAIL .*the type takes no CPU options/],
    ['all in order', { NetworkInterfaces: [eni(0), eni(1, { NetworkCardIndex: 1, EnaQueueCount: 32 })], CpuOptions: { CoreCount: 64, ThreadsPerCore: 1 } }, /PASS .*2 ENIs on network card 0, 1/],
  ])('%s', async (_, change, expected) => {
    expect(await check('interfaces', template(launch(change)))).toMatch(expected);
  });
});

describe('image', () => {
  test.each<[string, Image, RegExp]>([
    ['for another architecture', { Architecture: 'arm64' }, /FAIL .*it is for arm64, c6in.32xlarge is x86_64/],
    ['without ENA', { EnaSupport: false }, /FAIL .*it has no ENA support/],
    ['not ready', { State: 'pending' }, /FAIL .*its state is pending/],
    ['deprecated', { DeprecationTime: '2024-01-01T00:00:00.000Z' }, /FAIL .*it has been deprecated since 2024/],
    ['deprecated one day', { DeprecationTime: '2999-01-01T00:00:00.000Z' }, /PASS/],
  ])('%s', async (_, change, expected) => {
    ec2.on(DescribeImagesCommand).resolves({ Images: [image(change)] });
    expect(await check('image')).toMatch(expected);
  });

  test.each<[string, string, string]>([
    ['/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-6.18-arm64', 'amazon', 'al2023-ami-minimal-????.*-kernel-6.18-arm64'],
    ['/aws/service/debian/release/13/latest/amd64', '136693071363', 'debian-13-amd64-*'],
    ['/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id', '099720109477', 'ubuntu/images/hvm-ssd*/ubuntu-*-24.04-amd64-server-*'],
  ])('%s', async (parameter, owner, name) => {
    await check('image', template(launch({ ImageId: `resolve:ssm:${parameter}` })));
    const [call] = ec2.commandCalls(DescribeImagesCommand);
    expect(call.args[0].input).toMatchObject({ Owners: [owner], Filters: [{ Name: 'name', Values: [name] }] });
  });

  test('somebody\'s own parameter', async () => {
    expect(await check('image', template(launch({ ImageId: 'resolve:ssm:/my/image' })))).toMatch(/SKIP .*\/my\/image can only be resolved by EC2/);
  });

  test('an id that does not exist', async () => {
    ec2.on(DescribeImagesCommand).rejects(awsError('InvalidAMIID.NotFound', 'no such image'));
    expect(await check('image', ['--image-id', 'ami-0123'])).toMatch(/FAIL .*there is no image ami-0123 in us-east-1/);
  });
});

describe('subnet', () => {
  const subnets = (...list: Subnet[]) => ec2.on(DescribeSubnetsCommand).resolves({ Subnets: list });

  test('too few addresses', async () => {
    subnets({ SubnetId: SUBNET, AvailabilityZone: 'us-east-1a', AvailableIpAddressCount: 1 });
    expect(await check('subnet', ['--subnet-id', SUBNET])).toMatch(/FAIL .*has 1 free addresses for 2 ENIs/);
  });

  test('two zones', async () => {
    subnets({ SubnetId: 'subnet-a', AvailabilityZone: 'us-east-1a' }, { SubnetId: 'subnet-b', AvailabilityZone: 'us-east-1b' });
    const data = launch({ NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: 'subnet-a' }, { DeviceIndex: 1, SubnetId: 'subnet-b' }] });
    expect(await check('subnet', template(data))).toMatch(/FAIL .*are in us-east-1a and us-east-1b/);
  });

  test('one that does not exist', async () => {
    ec2.on(DescribeSubnetsCommand).rejects(awsError('InvalidSubnetID.NotFound', "The subnet ID 'subnet-0' does not exist"));
    expect(await check('subnet', ['--subnet-id', 'subnet-0'])).toMatch(/FAIL .*InvalidSubnetID.NotFound: The subnet ID 'subnet-0' does not exist/);
  });
});

describe('dry run', () => {
  test('no default VPC and no subnet', async () => {
    ec2.on(RunInstancesCommand).rejects(awsError('VPCIdNotSpecified', 'No default VPC for this user'));
    expect(await check('dry run')).toMatch(/SKIP .*there is no default VPC/);
  });

  test('an answer that is not the one to a dry run is no success', async () => {
    ec2.on(RunInstancesCommand).resolves({ Instances: [] });
    expect(await check('dry run')).toMatch(/FAIL .*did not treat the call as a dry run/);
  });

  test('EC2 itself in trouble', async () => {
    ec2.on(RunInstancesCommand).rejects(awsError('InternalError', 'An internal error has occurred', 500));
    expect(await check('dry run')).toMatch(/FAIL .*InternalError: An internal error has occurred/);
    expect(out).toContain('fix: try again');
  });
});

test('the clock is not guessed', async () => {
  expect(await check('clock')).toMatch(/SKIP .*no answer carried the time/);
});

describe('targets', () => {
  test('the stack of the library: two ENIs, on the first and the last card', () => {
    const stack = new Stack(new App({ builtinCloudFormationValidation: false }), 'Demo');
    const vpc = new aws.Vpc(stack, 'Vpc', { maxAzs: 1 });
    new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.afXdp() });
    const text = JSON.stringify((stack.node.root as App).synth().getStackByName('Demo').template);
    const [target, ...others] = targetsOfTemplate(text, 'Demo.template.json', 'us-east-1', undefined);
    expect(others).toEqual([]);
    expect(target).toMatchObject({ instanceType: 'c6in.32xlarge', count: 1 });
    expect(target.launch.ImageId).toMatch(/^resolve:ssm:\/aws\/service\/ami-amazon-linux-latest\//);
    expect(target.launch.NetworkInterfaces).toMatchObject([{ DeviceIndex: 0, NetworkCardIndex: 0 }, { DeviceIndex: 1, NetworkCardIndex: 1 }]);
    expect(target.left).toEqual(expect.arrayContaining(['UserData', 'Placement.GroupName', 'NetworkInterfaces[0].SubnetId', 'IamInstanceProfile.Arn']));
    expect(JSON.stringify(target.launch)).not.toMatch(/Fn::|"Ref"/);
  });

  test('an Auto Scaling group counts with its size', () => {
    const resources = {
      T: { Type: 'AWS::EC2::LaunchTemplate', Properties: { LaunchTemplateData: { InstanceType: 'c6in.32xlarge' } } },
      G: { Type: 'AWS::AutoScaling::AutoScalingGroup', Properties: { DesiredCapacity: '3', LaunchTemplate: { LaunchTemplateId: { Ref: 'T' } } } },
      Other: { Type: 'AWS::EC2::Instance', Properties: { LaunchTemplate: { LaunchTemplateId: { Ref: 'T2' } } } },
    };
    expect(targetsOfTemplate(JSON.stringify({ Resources: resources }), 'f', 'us-east-1', undefined)[0].count).toBe(3);
  });

  test('without a template: the plain host, on an image of its architecture', () => {
    const cards = ({ NetworkInterfaces }: Launch) => NetworkInterfaces?.map(({ NetworkCardIndex }) => NetworkCardIndex);
    expect(cards(targetOfType('c6in.32xlarge', undefined, undefined).launch)).toEqual([0, 1]);
    expect(cards(targetOfType('c7gn.16xlarge', undefined, undefined).launch)).toEqual([0, 0]);
    expect(targetOfType('c7gn.16xlarge', undefined, undefined).launch.ImageId).toMatch(/-arm64$/);
  });

  test.each<[Json, Json | undefined, string[]]>([
    [{ Ref: 'AWS::Region' }, 'us-east-1', []],
    [{ Ref: 'Literal' }, 'x', []],
    [{ Ref: 'Stored' }, 'resolve:ssm:/a', []],
    [{ Ref: 'NoDefault' }, undefined, ['']],
    [{ Ref: 'Resource' }, undefined, ['']],
    [{ A: { Ref: 'Resource' }, B: 1 }, { B: 1 }, ['A']],
    [{ A: [{ Ref: 'Resource' }, 'y'], B: { C: { 'Fn::GetAtt': ['R', 'X'] } } }, { A: ['y'] }, ['A[0]', 'B.C']],
    [{ A: [{ 'Fn::Sub': '${R}' }] }, {}, ['A[0]']],
    [{ Ref: 'Literal', Also: 1 }, { Ref: 'Literal', Also: 1 }, []],
    [null, null, []],
  ])('%j is %j', (value, expected, left) => {
    const parameters = {
      Literal: { Type: 'String', Default: 'x' },
      Stored: { Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: '/a' },
      NoDefault: { Type: 'String' },
    };
    expect(resolveValue(value, parameters, 'us-east-1')).toEqual({ value: expected, left });
  });
});

test.each<[string[], RegExp]>([
  [['--template', 'x', '--type', 'c6in.32xlarge'], /'--template' names the types itself; leave '--type' out/],
  [['--template', '/does/not/exist'], /'--template' must be a file that can be read, got '\/does\/not\/exist'/],
  [['--template', __filename], /is not a JSON template/],
  [['--template', join(__dirname, '../../package.json')], /has no AWS::EC2::LaunchTemplate; give the template of the stack with the hosts/],
  [['--type', 'c6in'], /'--type' must be an instance type such as c6in.32xlarge, got 'c6in'/],
  [['--type', 'c6in.31xlarge'], /EC2 knows no instance type 'c6in.31xlarge' in us-east-1/],
  [['--region', 'useast1'], /'--region' must be a region such as us-east-1, got 'useast1'/],
  [['--subnet-id', 'vpc-1'], /'--subnet-id' must be a subnet such as subnet-0123456789abcdef0, got 'vpc-1'/],
  [['--image-id', 'debian'], /'--image-id' must be an image such as ami-0123456789abcdef0, got 'debian'/],
  [['--jsn'], /unknown option '--jsn'; see --help/],
])('%j is refused', async (args, message) => {
  expect(await preflight.run(['--region', 'us-east-1', ...args])).toBe(2);
  expect(err).toMatch(message);
  expect(err.trimEnd().split('\n')).toHaveLength(1);
  expect(out).toBe('');
});

test('--help names the actions and asks nobody', async () => {
  expect(await preflight.run(['--help'])).toBe(0);
  expect(out).toMatch(/^ {2}ec2:RunInstances$/m);
  expect(ec2.calls()).toEqual([]);
});
