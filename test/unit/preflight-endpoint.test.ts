// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Answer, AwsEndpoint, ec2Xml } from './support/aws-endpoint';
import { preflight } from '../../bin/commands/preflight';

// The command with the real SDK against an endpoint on the loopback address: signing, serialising, parsing, errors.

const { InstanceTypes } = JSON.parse(readFileSync(join(__dirname, 'fixtures', 'describe-instance-types.json'), 'utf8')) as {
  InstanceTypes: { InstanceType: string }[];
};
const c6in = InstanceTypes.find(({ InstanceType }) => InstanceType === 'c6in.32xlarge');

const SUBNET = 'subnet-0123456789abcdef0';
const IMAGE = 'ami-0123456789abcdef0';

const good = (): Record<string, Answer> => ({
  DescribeInstanceTypes: { instanceTypeSet: [ec2Xml(c6in)] },
  DescribeInstanceTypeOfferings: { instanceTypeOfferingSet: [{ location: 'us-east-1b' }, { location: 'us-east-1a' }] },
  DescribeSubnets: { subnetSet: [{ subnetId: SUBNET, availabilityZone: 'us-east-1a', availableIpAddressCount: 200 }] },
  DescribeImages: {
    imagesSet: [
      { imageId: 'ami-1', name: 'old', creationDate: '2026-01-01T00:00:00.000Z', imageState: 'available', enaSupport: true, architecture: 'x86_64' },
      { imageId: IMAGE, name: 'new', creationDate: '2026-11-01T00:00:00.000Z', imageState: 'available', enaSupport: true, architecture: 'x86_64' },
    ],
  },
  DescribeCapacityReservations: { capacityReservationSet: [] },
  DescribeInstances: {
    reservationSet: [{
      instancesSet: [
        { instanceType: 'c6in.large' },
        { instanceType: 'x8i.large' }, // another quota
        { instanceType: 'c6in.metal', instanceLifecycle: 'spot' },
        { instanceType: 'm5.xlarge', cpuOptions: { coreCount: 2, threadsPerCore: 2 } }, // not in the table
      ],
    }],
  },
  GetServiceQuota: { Quota: { Value: 256 } },
  RunInstances: { error: 'DryRunOperation', message: 'Request would have succeeded, but DryRun flag is set.', status: 412 },
});

let endpoint: AwsEndpoint;
let folder: string;
let out: string;
let err: string;
const environment = { ...process.env };

async function start(answers: Record<string, Answer> = {}): Promise<void> {
  endpoint = new AwsEndpoint({ ...good(), ...answers });
  process.env.AWS_ENDPOINT_URL = await endpoint.listen();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kb-preflight-'));
  process.env = {
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('AWS_'))),
    HOME: folder, // no profile of this machine
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'us-east-1',
    AWS_MAX_ATTEMPTS: '1',
  };
  out = err = '';
  jest.spyOn(console, 'log').mockImplementation((text: string) => void (out += `${text}\n`));
  jest.spyOn(console, 'error').mockImplementation((text: string) => void (err += `${text}\n`));
});

afterEach(async () => {
  jest.restoreAllMocks();
  await endpoint?.close();
  rmSync(folder, { recursive: true });
  process.env = environment;
});

const line = (check: string) => out.split('\n').find((text) => new RegExp(`^  (PASS|FAIL|SKIP)  ${check} `).test(text));

test('an account that is ready', async () => {
  await start();
  expect([await preflight.run(['--type', 'c6in.32xlarge', '--subnet-id', SUBNET]), err]).toEqual([0, '']);
  expect(line('offering')).toMatch(/PASS .*c6in.32xlarge is offered in us-east-1a$/);
  expect(line('quota')).toMatch(/PASS .*128 vCPUs needed, 256 allowed, 6 in use \(Running On-Demand Standard instances, L-1216C47A\)/);
  expect(line('reservation')).toMatch(/PASS .*no open reservation of c6in.32xlarge/);
  expect(line('capabilities')).toMatch(/PASS .*2 network cards of 8 ENIs, up to 32 queues an ENI: as in the table of /);
  expect(line('interfaces')).toMatch(/PASS .*2 ENIs on network card 0, 1/);
  expect(line('image')).toMatch(new RegExp(`PASS .*${IMAGE} \\(new\\) supports ENA on x86_64`));
  expect(line('subnet')).toMatch(/PASS .*\(us-east-1a\): 200 free addresses/);
  expect(line('dry run')).toMatch(/PASS .*EC2 accepts the launch$/);
  expect(line('hardware clock')).toMatch(/SKIP .*no PTP hardware clock/);
  expect(line('clock')).toMatch(/PASS .*clock is \d\.\d s (ahead of|behind) AWS \(± 0\.\d s\)/);
  expect(out.trimEnd().split('\n').pop()).toBe('9 passed, 0 failed, 1 skipped');
});

test('only reads: RunInstances is a dry run, and everything is signed', async () => {
  await start();
  await preflight.run(['--subnet-id', SUBNET]);
  expect([...new Set(endpoint.calls.map(({ action }) => action))].sort()).toEqual(Object.keys(good()).sort());
  expect(endpoint.calls.every(({ accessKey }) => accessKey === 'AKIDEXAMPLE')).toBe(true);
  const runs = endpoint.calls.filter(({ action }) => action === 'RunInstances');
  expect(runs.map(({ parameters }) => parameters.get('DryRun'))).toEqual(['true']);
});

test('the dry run is of the launch template, with what can be known of it', async () => {
  await start();
  const template = join(folder, 'Demo.template.json');
  writeFileSync(template, JSON.stringify({
    Parameters: { Image: { Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.12-x86_64' } },
    Resources: {
      Template: {
        Type: 'AWS::EC2::LaunchTemplate',
        Properties: {
          LaunchTemplateData: {
            InstanceType: 'c6in.32xlarge',
            ImageId: { Ref: 'Image' },
            CpuOptions: { CoreCount: 64, ThreadsPerCore: 1 },
            IamInstanceProfile: { Arn: { 'Fn::GetAtt': ['Profile', 'Arn'] } },
            Placement: { GroupName: { Ref: 'Group' } },
            MetadataOptions: { HttpTokens: 'required' },
            NetworkInterfaces: [
              { DeviceIndex: 0, NetworkCardIndex: 0, SubnetId: { Ref: 'Subnet' }, Groups: [{ 'Fn::GetAtt': ['A', 'GroupId'] }] },
              { DeviceIndex: 1, NetworkCardIndex: 1, SubnetId: { Ref: 'Subnet' }, EnaQueueCount: 4, EnaSrdSpecification: { EnaSrdEnabled: true } },
            ],
            UserData: { 'Fn::Base64': { 'Fn::Join': ['', ['#!/bin/sh\n', { Ref: 'Handle' }]] } },
          },
        },
      },
      A: { Type: 'AWS::EC2::Instance', Properties: { LaunchTemplate: { LaunchTemplateId: { Ref: 'Template' } } } },
      B: { Type: 'AWS::EC2::Instance', Properties: { LaunchTemplate: { LaunchTemplateId: { Ref: 'Template' } } } },
    },
  }));
  expect([await preflight.run(['--template', template, '--subnet-id', SUBNET]), err]).toEqual([1, '']);
  expect(out.split('\n')[0]).toBe('Template: 2 x c6in.32xlarge in us-east-1');
  expect(line('quota')).toMatch(/FAIL .*256 vCPUs needed, 256 allowed, 6 in use/);
  expect(line('dry run')).toMatch(/PASS .*EC2 accepts the launch \(without IamInstanceProfile.Arn, Placement.GroupName, NetworkInterfaces\[0\].Groups\[0\], UserData, which the stack creates\)/);
  const { parameters } = endpoint.calls.find(({ action }) => action === 'RunInstances')!;
  const sent = Object.fromEntries([...parameters].filter(([name]) => !['Action', 'Version', 'ClientToken'].includes(name)));
  expect(sent).toEqual({
    'DryRun': 'true',
    'MinCount': '1',
    'MaxCount': '1',
    'InstanceType': 'c6in.32xlarge',
    'ImageId': 'resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.12-x86_64',
    'CpuOptions.CoreCount': '64',
    'CpuOptions.ThreadsPerCore': '1',
    'MetadataOptions.HttpTokens': 'required',
    'NetworkInterface.1.DeviceIndex': '0',
    'NetworkInterface.1.NetworkCardIndex': '0',
    'NetworkInterface.1.SubnetId': SUBNET,
    'NetworkInterface.2.DeviceIndex': '1',
    'NetworkInterface.2.NetworkCardIndex': '1',
    'NetworkInterface.2.SubnetId': SUBNET,
    'NetworkInterface.2.EnaQueueCount': '4',
    'NetworkInterface.2.EnaSrdSpecification.EnaSrdEnabled': 'true',
  });
  const { parameters: images } = endpoint.calls.find(({ action }) => action === 'DescribeImages')!;
  expect([images.get('Owner.1'), images.get('Filter.1.Value.1')]).toEqual(['amazon', 'al2023-ami-????.*-kernel-6.12-x86_64']);
});

test('a new account: the quota is too small, and the fix is a command', async () => {
  await start({ GetServiceQuota: { error: 'NoSuchResourceException' }, GetAWSDefaultServiceQuota: { Quota: { Value: 5 } } });
  expect(await preflight.run([])).toBe(1);
  expect(line('quota')).toMatch(/FAIL .*128 vCPUs needed, 5 allowed, 6 in use/);
  expect(out).toContain('fix: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-1216C47A --desired-value 134 --region us-east-1');
});

test('EC2\'s own words when it refuses the launch', async () => {
  await start({ RunInstances: { error: 'InvalidParameterValue', message: 'Network card index 1 is not valid' } });
  expect(await preflight.run([])).toBe(1);
  expect(line('dry run')).toMatch(/FAIL .*InvalidParameterValue: Network card index 1 is not valid/);
});

test('a caller who may not do everything: those checks are skipped, and one line says what to allow', async () => {
  const denied = { error: 'UnauthorizedOperation', message: 'You are not authorized to perform this operation. Encoded authorization failure message: AbC-123_x', status: 403 };
  await start({
    DescribeCapacityReservations: denied,
    RunInstances: denied,
    DescribeInstances: denied,
    GetServiceQuota: { error: 'AccessDeniedException', message: 'User: arn:aws:iam::1:user/x is not authorized to perform: servicequotas:GetServiceQuota' },
  });
  expect(await preflight.run([])).toBe(0);
  expect(line('reservation')).toMatch(/SKIP .*AWS denies the call \(You are not authorized to perform this operation\)$/);
  expect(line('dry run')).toMatch(/SKIP/);
  expect(line('quota')).toMatch(/SKIP .*servicequotas:GetServiceQuota/);
  expect(err).toBe('kb preflight: AWS denied some checks; allow servicequotas:GetServiceQuota, servicequotas:GetAWSDefaultServiceQuota, '
    + 'ec2:DescribeInstances, ec2:DescribeCapacityReservations, ec2:DescribeSubnets, ec2:RunInstances\n');
});

test('a clock that is ten minutes off', async () => {
  await start();
  endpoint.clockOffset = 600;
  expect(await preflight.run([])).toBe(1);
  expect(line('clock')).toMatch(/FAIL .*clock is (599|600|601)\.\d s behind AWS/);
});

test('--json', async () => {
  await start();
  expect(await preflight.run(['--json'])).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    region: 'us-east-1',
    failed: 0,
    targets: [{ name: 'c6in.32xlarge', instanceType: 'c6in.32xlarge', count: 1, checks: expect.arrayContaining([
      { check: 'dry run', status: 'PASS', detail: 'EC2 accepts the launch' },
      { check: 'subnet', status: 'SKIP', detail: 'the stack creates its subnets', fix: 'name an existing one with --subnet-id' },
    ]) as unknown }],
  });
});

describe('one clear message, and no report', () => {
  const only = (message: RegExp) => {
    expect(out).toBe('');
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(err).toMatch(message);
  };

  test('no credentials', async () => {
    await start();
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    expect(await preflight.run([])).toBe(2);
    only(/^kb preflight: no valid AWS credentials \(CredentialsProviderError: .*\); sign in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID$/m);
    expect(endpoint.calls).toEqual([]);
  });

  test.each(['AuthFailure', 'RequestExpired', 'InvalidClientTokenId'])('credentials that EC2 refuses: %s', async (error) => {
    await start({ DescribeInstanceTypes: { error, message: 'AWS was not able to validate the provided access credentials', status: 401 } });
    expect(await preflight.run([])).toBe(2);
    only(new RegExp(`^kb preflight: no valid AWS credentials \\(${error}: AWS was not able to validate`));
    expect(endpoint.calls).toHaveLength(1);
  });

  test('a caller who may nothing', async () => {
    await start({ DescribeInstanceTypes: { error: 'UnauthorizedOperation', message: 'You are not authorized.', status: 403 } });
    expect(await preflight.run([])).toBe(2);
    only(/^kb preflight: AWS denies the call \(You are not authorized\); preflight needs the read-only actions of 'kb preflight --help'$/m);
  });

  test('a type that EC2 does not know', async () => {
    await start({ DescribeInstanceTypes: { error: 'InvalidInstanceType', message: "The following supplied instance types do not exist: [c6in.31xlarge]" } });
    expect(await preflight.run(['--type', 'c6in.31xlarge'])).toBe(2);
    only(/EC2 knows no such instance type: .*\[c6in.31xlarge\]/);
  });

  test('nobody there', async () => {
    await start();
    await endpoint.close();
    expect(await preflight.run([])).toBe(1);
    only(/^kb preflight: AWS cannot be reached \(connect ECONNREFUSED 127.0.0.1:\d+\); check the network, the region and any proxy$/m);
  });

  test('no region', async () => {
    await start();
    delete process.env.AWS_REGION;
    expect(await preflight.run([])).toBe(2);
    only(/^kb preflight: no region is set; give one with --region, or set AWS_REGION$/m);
  });
});
