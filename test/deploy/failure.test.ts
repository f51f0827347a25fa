// SPDX-License-Identifier: Apache-2.0
import { setTimeout } from 'node:timers/promises';
import { Cdk } from './cdk';
import { Cloud } from './stand-in/cloud';

/* Deployments that fail and what is left of them, in order: each test goes on where the one before it ended. */

const PATIENCE = 120_000; // seconds when the machine is idle

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

/** Gives up with the test: a loop that went on would keep jest from ending. */
async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!condition() && Date.now() < end) {
    await setTimeout(50);
  }
}

test('the reason why a unit failed on the host is on the terminal, and all is rolled back', async () => {
  cloud.instances.fault = {
    unit: { name: 'kb-step-hugepages.service', journal: 'node 1 has 12 of 512 huge pages of 2048 KiB: memory is fragmented' },
  };
  const { status, terminal } = await cdk.deploy('afxdp');
  expect(status).toBe(1);
  expect(terminal).toMatch(/CREATE_FAILED +\| AWS::CloudFormation::WaitCondition +\| Feed\/Ready /);
  expect(terminal).toMatch(new RegExp("WaitCondition received failed message: 'kb-step-hugepages failed \\(exit-code 1\\): "
    + "node 1 has 12 of 512 huge pages of 2048 KiB: memory is fragmented' for uniqueId: i-[0-9a-f]{17}"));
  expect(terminal).toMatch(/ROLLBACK_IN_PROGRESS +\| AWS::CloudFormation::Stack /);
  expect(terminal).toMatch(/DELETE_COMPLETE +\| AWS::EC2::Instance /);
  expect(cloud.cloudFormation.stack('Demo').status).toBe('ROLLBACK_COMPLETE');
  expect(cloud.inventory.all()).toEqual([]);
  expect(cloud.instances.running()).toEqual([]);
}, PATIENCE);

test('once the cause is gone, the same command deploys', async () => {
  cloud.instances.fault = {};
  const { status, terminal } = await cdk.deploy('afxdp');
  expect({ status, terminal }).toMatchObject({ status: 0 });
  expect(cloud.cloudFormation.stack('Demo').status).toBe('CREATE_COMPLETE');
}, PATIENCE);

test('a failed update says why, and the host that works stays', async () => {
  const [before] = cloud.instances.running();
  cloud.instances.fault = { asset: 'tampered' };
  const { status, terminal } = await cdk.deploy('kernel');
  expect(status).toBe(1);
  expect(terminal).toMatch(/bootstrap: could not trust https:\/\/\S+\.tar: its SHA-256 is not [0-9a-f]{64}/);
  expect(terminal).toMatch(/UPDATE_ROLLBACK_IN_PROG +\| AWS::CloudFormation::Stack /);
  expect(cloud.cloudFormation.stack('Demo').status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(cloud.instances.running().map(({ instance }) => instance.id)).toEqual([before.instance.id]);
}, PATIENCE);

test('a host that never says a word ends the wait when its time is over', async () => {
  const [before] = cloud.instances.running();
  cloud.instances.fault = { silent: true };
  const deployment = cdk.deploy('kernel');
  await Promise.race([until(() => cloud.waits.anyoneWaits), deployment]);
  const timeout = Number(cloud.inventory.all('AWS::CloudFormation::WaitCondition').at(-1)!.properties.Timeout);
  cloud.waits.pass(timeout - 1);
  expect(cloud.waits.anyoneWaits).toBe(true);
  cloud.waits.pass(1);
  const { status, terminal } = await deployment;
  expect(status).toBe(1);
  expect(terminal).toContain('WaitCondition timed out. Received 0 conditions when expecting 1');
  expect(cloud.instances.running().map(({ instance }) => instance.id)).toEqual([before.instance.id]);
}, PATIENCE);

test('what is left of all that is destroyed', async () => {
  const { status, terminal } = await cdk.destroy();
  expect({ status, terminal }).toMatchObject({ status: 0 });
  expect(cloud.cloudFormation.stackNames).toEqual([]);
  expect(cloud.inventory.all()).toEqual([]);
}, PATIENCE);
