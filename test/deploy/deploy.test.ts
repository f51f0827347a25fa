// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { Cdk, Outcome } from './cdk';
import { Cloud } from './stand-in/cloud';
import { ASSET_BUCKET } from './stand-in/buckets';
import type { Host } from './stand-in/host';

/* The life of a stack, in order: each test goes on where the one before it ended. */

const PATIENCE = 120_000; // seconds when the machine is idle
const DEPLOYER = 'cdk-hnb659fds-deploy-role-123456789012-us-east-1';
const PUBLISHER = 'cdk-hnb659fds-file-publishing-role-123456789012-us-east-1';
const IMAGE = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.12-x86_64';

let cloud: Cloud;
let cdk: Cdk;

beforeAll(async () => {
  cloud = await Cloud.start();
  cdk = new Cdk(cloud);
});

afterAll(async () => {
  await cloud.stop();
  cdk.dispose();
});

function expectSuccess({ status, terminal }: Outcome): void {
  if (status !== 0) {
    throw new Error(`cdk ended with ${status}:\n${terminal}`);
  }
}

function onlyHost(): Host {
  const hosts = cloud.instances.running();
  expect(hosts).toHaveLength(1);
  return hosts[0];
}

/** Physical ids of what exists of a type. */
function ids(type: string): string[] {
  return cloud.inventory.all(type).map(({ physicalId }) => physicalId);
}

/** Calls of a kind since a moment. */
function called(pattern: RegExp, since = 0): string[] {
  return cloud.calls.slice(since).filter(({ action }) => pattern.test(action)).map(({ caller }) => caller);
}

test('the deployment ends well once the host has proved itself', async () => {
  const outcome = await cdk.deploy('afxdp');
  expectSuccess(outcome);
  expect(outcome.terminal).toMatch(/CREATE_COMPLETE +\| AWS::CloudFormation::WaitCondition +\| Feed\/Ready /);
  expect(outcome.terminal).toMatch(/✅ {2}Demo\n/);
  expect(cloud.cloudFormation.stack('Demo').status).toBe('CREATE_COMPLETE');
  expect(called(/^(CreateChangeSet|ExecuteChangeSet)$/)).toEqual([DEPLOYER, DEPLOYER]);
}, PATIENCE);

test('the asset was uploaded under the sum in the plan, and the host unpacked just that', () => {
  const host = onlyHost();
  const { plan, instance } = host;
  const key = plan.KB_ASSET_URL.split('/').pop()!;
  const uploaded = cloud.buckets.read(ASSET_BUCKET, key);
  expect(createHash('sha256').update(uploaded).digest('hex')).toBe(plan.KB_ASSET_SHA256);
  expect(host.unpacked('.sha256').toString().trim()).toBe(plan.KB_ASSET_SHA256);
  expect(plan).toMatchObject({ KB_NAME: 'Demo-Feed', KB_PLANE: 'afxdp', KB_REGION: 'us-east-1' });
  expect(called(new RegExp(`^PUT .*${key}`))).toEqual([PUBLISHER]);
  expect(called(new RegExp(`^GET /[^?]*${key}$`))).toEqual([instance.id]);
});

test('the stack was signalled by the host, once', () => {
  expect(called(/^PUT \/arn%3Aaws%3Acloudformation/)).toEqual([onlyHost().instance.id]);
});

test('a second deployment changes nothing, although there is a newer image now', async () => {
  cloud.parameters.set(IMAGE, 'ami-0a11ce00000000002');
  const { instance } = onlyHost();
  expect(instance.imageId).toBe('ami-0a11ce00000000001');
  const calls = cloud.calls.length;
  const outcome = await cdk.deploy('afxdp');
  expectSuccess(outcome);
  expect(outcome.terminal).toContain('✅  Demo (no changes)');
  expect(called(/^(PUT .*|ExecuteChangeSet)$/, calls)).toEqual([]);
  expect(onlyHost().instance.id).toBe(instance.id);
}, PATIENCE);

test('a changed plan replaces the host with one of the newest image, behind a gate of its own', async () => {
  const before = { host: onlyHost(), handles: ids('AWS::CloudFormation::WaitConditionHandle'), network: ids('AWS::EC2::VPC') };
  const gates = () => [...cloud.cloudFormation.stack('Demo').resources.keys()].filter((id) => id.startsWith('FeedReady'));
  const oldGates = gates();
  const calls = cloud.calls.length;

  expectSuccess(await cdk.deploy('kernel'));

  const { instance, plan } = onlyHost();
  expect(plan.KB_PLANE).toBe('kernel');
  expect(instance.imageId).toBe('ami-0a11ce00000000002');
  expect(instance.id).not.toBe(before.host.instance.id);
  expect(plan.KB_SIGNAL_URL).not.toBe(before.host.plan.KB_SIGNAL_URL);
  expect(gates().filter((id) => oldGates.includes(id))).toEqual([]);
  expect(ids('AWS::CloudFormation::WaitConditionHandle')).toEqual([plan.KB_SIGNAL_URL]);
  expect(called(/^PUT \/arn%3Aaws%3Acloudformation/, calls)).toEqual([instance.id]);
  expect(ids('AWS::EC2::VPC')).toEqual(before.network);
  expect(ids('AWS::EC2::Instance')).toEqual([instance.id]);
}, PATIENCE);

test('destroying the stack leaves nothing but what the bucket holds', async () => {
  expectSuccess(await cdk.destroy());
  expect(cloud.cloudFormation.stackNames).toEqual([]);
  expect(cloud.inventory.all()).toEqual([]);
  expect(cloud.instances.running()).toEqual([]);
  expect(cloud.buckets.objects().map(({ bucket }) => bucket)).not.toEqual([]);
}, PATIENCE);
