// SPDX-License-Identifier: Apache-2.0
import * as path from 'node:path';
import { Cdk } from './cdk';
import { Cloud } from './stand-in/cloud';

/* The life of the example's fleet of two, in order: each test goes on where the one before it ended. */

const PATIENCE = 120_000; // seconds when the machine is idle

let cloud: Cloud;
let cdk: Cdk;

beforeAll(async () => {
  cloud = await Cloud.start();
  cloud.parameters.set('/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.12-arm64', 'ami-0a11ce00000000003');
  cdk = new Cdk(cloud, path.join('examples', 'fleet.ts'));
});

afterAll(async () => {
  await cloud.stop();
  cdk.dispose();
});

const ids = () => cloud.instances.running().map(({ instance }) => instance.id).sort();
const signallers = () => cloud.calls.filter(({ action }) => /^PUT \/arn%3Aaws%3Acloudformation/.test(action)).map(({ caller }) => caller).sort();

test('the reason why a host failed is on the terminal, and nothing of the fleet stays', async () => {
  cloud.instances.fault = { unit: { name: 'kb-receiver.service', journal: 'the NIC refuses zero-copy' } };
  const { status, terminal } = await cdk.deploy();
  expect(status).toBe(1);
  expect(terminal).toMatch(/CREATE_FAILED +\| AWS::CloudFormation::WaitCondition +\| Feeds\/Ready /);
  expect(terminal).toMatch(/WaitCondition received failed message: 'kb-receiver failed \(exit-code 1\): the NIC refuses zero-copy' for uniqueId: i-[0-9a-f]{17}/);
  expect(cloud.inventory.all()).toEqual([]);
  expect(ids()).toEqual([]);
}, PATIENCE);

test('the deployment ends well once every host that is waited for has proved itself', async () => {
  cloud.instances.fault = {};
  const before = signallers();
  const { status, terminal } = await cdk.deploy();
  expect({ status, terminal }).toMatchObject({ status: 0 });
  expect(cloud.cloudFormation.stack('Fleet').status).toBe('CREATE_COMPLETE');
  expect(ids()).toHaveLength(2);
  expect(signallers().filter((caller) => !before.includes(caller))).toEqual(ids());
}, PATIENCE);

test('its hosts have one plan, one name and one gate', () => {
  const [one, two] = cloud.instances.running();
  expect(one.plan).toEqual(two.plan);
  expect(one.plan.KB_NAME).toBe('Fleet-Feeds');
  expect(cloud.inventory.all('AWS::CloudFormation::WaitCondition')).toMatchObject([{ properties: { Count: 2, Handle: one.plan.KB_SIGNAL_URL } }]);
});

test('a second deployment changes nothing', async () => {
  const before = ids();
  const { status, terminal } = await cdk.deploy();
  expect({ status, terminal }).toMatchObject({ status: 0 });
  expect(terminal).toContain('✅  Fleet (no changes)');
  expect(ids()).toEqual(before);
}, PATIENCE);

test('destroying the stack leaves no host', async () => {
  const { status, terminal } = await cdk.destroy();
  expect({ status, terminal }).toMatchObject({ status: 0 });
  expect(cloud.inventory.all()).toEqual([]);
  expect(ids()).toEqual([]);
}, PATIENCE);
