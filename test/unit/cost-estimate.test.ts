// SPDX-License-Identifier: Apache-2.0
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { DataPlane, LowLatencyFleet } from '../../lib';
import { INSTANCE_PRICE_DATE, INSTANCE_TABLE } from '../../lib/private/instance-table';
import { demoStack, feedStack, template } from './fixtures/stack';

const infos = (stack: Parameters<typeof template>[0]) =>
  Annotations.fromStack(stack).findInfo('*', Match.anyValue()).map(({ id, entry }) => [id, entry.data as string]);

test('an instance says what it costs per month, and since when the price is known', () => {
  const { stack } = feedStack();
  expect(infos(stack)).toEqual([['/Demo/Feed', expect.stringMatching(
    new RegExp(`^1 x c6in\\.32xlarge running all month: about 5,298 USD \\(7\\.2576 USD an hour .*, price of ${INSTANCE_PRICE_DATE};.*cdk-kernel-bypass:costEstimate`))]]);
});

test('a fleet says what it costs at its smallest and largest', () => {
  const { stack, vpc } = demoStack();
  new LowLatencyFleet(stack, 'Feeds', {
    vpc, dataPlane: DataPlane.kernel(), instanceType: new ec2.InstanceType('c6in.xlarge'), minCapacity: 2, maxCapacity: 20,
  });
  expect(infos(stack)[0][1]).toMatch(/^2 to 20 x c6in\.xlarge running all month: about 331 to 3,311 USD /);
});

test('it is silent when asked to be', () => {
  expect(infos(feedStack({ costEstimate: false }).stack)).toEqual([]);
});

test('it is silent about a type without a price', () => {
  const [instanceType] = INSTANCE_TABLE.find(row => row[10] === 0)!;
  expect(infos(feedStack({ instanceType: new ec2.InstanceType(instanceType) }).stack)).toEqual([]);
});

test('it changes no template', () => {
  expect(template(feedStack({ costEstimate: false }).stack).toJSON()).toEqual(template(feedStack().stack).toJSON());
});
