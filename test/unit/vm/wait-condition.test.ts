// SPDX-License-Identifier: Apache-2.0
import { WaitCondition } from '../../../bin/vm/wait-condition';

const create = () => new WaitCondition('us-east-1', '123456789012', 'Demo', 'Handle');
const path = (wait: WaitCondition) => wait.handleUrl.slice(wait.handleUrl.indexOf('.com/') + 4);
const signal = (status: string, reason = 'because') => JSON.stringify({ Status: status, Reason: reason, UniqueId: 'i-1', Data: '' });

test('completes on SUCCESS', async () => {
  const wait = create();
  expect(wait.put(path(wait), undefined, signal('SUCCESS')).status).toBe(200);
  await expect(wait.outcome).resolves.toEqual({ status: 'CREATE_COMPLETE', reason: 'because' });
});

test('fails with the reason on FAILURE, and stays failed', async () => {
  const wait = create();
  wait.put(path(wait), '', signal('FAILURE', 'no IOMMU'));
  wait.put(path(wait), '', signal('SUCCESS'));
  await expect(wait.outcome).resolves.toEqual({
    status: 'CREATE_FAILED', reason: "WaitCondition received failed message: 'no IOMMU' for uniqueId: i-1",
  });
  expect(wait.signals.map(({ status }) => status)).toEqual(['FAILURE', 'SUCCESS']);
});

test('fails when nobody signals', async () => {
  const wait = create();
  wait.timeOut();
  await expect(wait.outcome).resolves.toEqual({ status: 'CREATE_FAILED', reason: 'WaitCondition timed out. Received 0 conditions when expecting 1' });
});

describe('for two machines', () => {
  const from = (uniqueId: string, status = 'SUCCESS') => JSON.stringify({ Status: status, Reason: `${uniqueId} says`, UniqueId: uniqueId, Data: '' });

  test('completes when both have succeeded, whether before or while it waits', async () => {
    const wait = create();
    wait.put(path(wait), '', from('i-1'));
    const outcome = wait.expect(2);
    wait.put(path(wait), '', from('i-2'));
    await expect(outcome).resolves.toEqual({ status: 'CREATE_COMPLETE', reason: 'i-2 says' });
  });

  test('counts a machine once', async () => {
    const wait = create();
    const outcome = wait.expect(2);
    wait.put(path(wait), '', from('i-1'));
    wait.put(path(wait), '', from('i-1'));
    wait.timeOut();
    await expect(outcome).resolves.toEqual({ status: 'CREATE_FAILED', reason: 'WaitCondition timed out. Received 1 conditions when expecting 2' });
  });

  test('fails with the first that fails', async () => {
    const wait = create();
    const outcome = wait.expect(2);
    wait.put(path(wait), '', from('i-1'));
    wait.put(path(wait), '', from('i-2', 'FAILURE'));
    await expect(outcome).resolves.toMatchObject({ status: 'CREATE_FAILED', reason: "WaitCondition received failed message: 'i-2 says' for uniqueId: i-2" });
  });
});

test.each([
  ['a content type, which the address does not sign', (wait: WaitCondition) => wait.put(path(wait), 'application/x-www-form-urlencoded', signal('SUCCESS'))],
  ['another address', (wait: WaitCondition) => wait.put('/elsewhere', undefined, signal('SUCCESS'))],
])('refuses %s', (_, put) => {
  const wait = create();
  expect(put(wait)).toEqual({ status: 403, error: 'SignatureDoesNotMatch' });
  expect(wait.signals).toEqual([]);
});

test.each(['not JSON', '{}', signal('MAYBE'), '{"Status":"SUCCESS","Reason":"x","UniqueId":1,"Data":""}'])('fails over a document it cannot read: %s', async (body) => {
  const wait = create();
  wait.put(path(wait), undefined, body);
  await expect(wait.outcome).resolves.toMatchObject({ status: 'CREATE_FAILED' });
});
