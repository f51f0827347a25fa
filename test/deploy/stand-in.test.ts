// SPDX-License-Identifier: Apache-2.0
import { Cloud } from './stand-in/cloud';
import { QueryCall } from './stand-in/query-call';

/* The stand-in has to refuse what CloudFormation refuses, or the tests that use it prove nothing. */

const HANDLE = { Type: 'AWS::CloudFormation::WaitConditionHandle' };
const WAIT = 'AWS::CloudFormation::WaitCondition';

let cloud: Cloud;

beforeAll(async () => {
  cloud = await Cloud.start();
});

afterAll(() => cloud.stop());

function call(action: string, parameters: Record<string, string>): object {
  return cloud.cloudFormation.answer(new QueryCall(new URLSearchParams({ Action: action, ...parameters }).toString()));
}

function propose(StackName: string, resources: object, ChangeSetType = 'CREATE'): Record<string, unknown> {
  call('CreateChangeSet', { StackName, ChangeSetType, ChangeSetName: 'one', TemplateBody: JSON.stringify({ Resources: resources }) });
  return call('DescribeChangeSet', { StackName, ChangeSetName: 'one' }) as Record<string, unknown>;
}

async function deploy(name: string, resources: object, type?: string): Promise<void> {
  propose(name, resources, type);
  call('ExecuteChangeSet', { StackName: name, ChangeSetName: 'one' });
  await cloud.cloudFormation.settled();
}

test.each([
  ['names a resource that is not there', { A: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Nowhere' } } } }, /Unresolved resource dependencies \[Nowhere\]/],
  ['waits for a resource that is not there', { A: { ...HANDLE, DependsOn: 'Nowhere' } }, /Unresolved resource dependencies \[Nowhere\]/],
  ['goes round in a circle', { A: { ...HANDLE, DependsOn: 'B' }, B: { ...HANDLE, DependsOn: ['A'] } }, /Circular dependency between resources: \[A, B\]/],
  ['has a type that nobody described', { A: { Type: 'AWS::Made::Up' } }, /Unrecognized resource types: \[AWS::Made::Up\]/],
])('a template that %s is refused', (_, resources, message) => {
  expect(() => propose('Refused', resources)).toThrow(message);
});

test('an attribute that the type has not fails the deployment, which leaves nothing', async () => {
  await deploy('Attribute', {
    Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
    Subnet: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { 'Fn::GetAtt': ['Vpc', 'Colour'] } } },
  });
  const { status, events } = cloud.cloudFormation.stack('Attribute');
  expect(status).toBe('ROLLBACK_COMPLETE');
  expect(events.map(({ ResourceStatusReason: reason }) => reason)).toContainEqual(expect.stringMatching(/Vpc does not support attribute type Colour/));
  expect(cloud.inventory.all()).toEqual([]);
});

test('a change set without changes is none', async () => {
  await deploy('Same', { A: HANDLE });
  expect(propose('Same', { A: HANDLE }, 'UPDATE')).toMatchObject({ Status: 'FAILED' });
});

test('a wait condition cannot be changed, which is why gates are renamed', async () => {
  const gate = (handle: string) => ({ Wait: { Type: WAIT, Properties: { Handle: { Ref: handle }, Timeout: '60', Count: 1 } } });
  const deployment = deploy('Gate', { One: HANDLE, ...gate('One') });
  await new Promise(setImmediate);
  const [{ physicalId: url }] = cloud.inventory.all(HANDLE.Type).filter(({ logicalId }) => logicalId === 'One');
  const { host, pathname, search } = new URL(url);
  cloud.waits.put(host, pathname + search, '', JSON.stringify({ Status: 'SUCCESS', Reason: '', UniqueId: 'i-1', Data: '' }));
  await deployment;
  expect(cloud.cloudFormation.stack('Gate').status).toBe('CREATE_COMPLETE');

  await deploy('Gate', { One: HANDLE, Two: HANDLE, ...gate('Two') }, 'UPDATE');
  expect(cloud.cloudFormation.stack('Gate').status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(cloud.cloudFormation.stack('Gate').events.map((event) => event.ResourceStatusReason))
    .toContain('Update to resource type AWS::CloudFormation::WaitCondition is not supported.');
});

test('a signal with a content type, or to an address that is no handle, is refused', () => {
  const [{ physicalId: url }] = cloud.inventory.all(HANDLE.Type);
  const { host, pathname, search } = new URL(url);
  expect(cloud.waits.put(host, pathname + search, 'application/json', '{}')).toMatchObject({ status: 403 });
  expect(cloud.waits.put(host, `${pathname}x${search}`, '', '{}')).toMatchObject({ status: 403 });
});
