// SPDX-License-Identifier: Apache-2.0
import { DataPlane, HostImage, StackSnapshot } from '../../lib';
import { demoStack, feedStack, template } from './fixtures/stack';

test('keeps what the user decides', () => {
  const one = JSON.stringify(StackSnapshot.of(feedStack().stack));
  const two = JSON.stringify(StackSnapshot.of(feedStack({ dataPlane: DataPlane.afXdp({ queues: 2 }) }).stack));
  expect(one).toContain('KB_QUEUES=\\"1\\"');
  expect(two).toContain('KB_QUEUES=\\"2\\"');
});

test('replaces hashes, and leaves the bootstrap script out', () => {
  const text = JSON.stringify(StackSnapshot.of(feedStack().stack));
  expect(text).not.toMatch(/[0-9a-f]{64}/);
  expect(text).not.toContain('#!/bin/bash');
  expect(text).toContain('KB_ASSET_SHA256=\\"ASSET\\"');
});

test('gives boot gates their constant names, everywhere', () => {
  const normalized = StackSnapshot.of(feedStack().stack) as { Resources: Record<string, { Type: string; Properties?: object }> };
  const gates = Object.entries(normalized.Resources).filter(([, resource]) => resource.Type.startsWith('AWS::CloudFormation::Wait'));
  expect(gates.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['FeedReadyHandle', 'FeedReady']);
  expect(gates[1][1].Properties).toMatchObject({ Handle: { Ref: gates[0][0] } });
});

test('gives images their constant names and versions', () => {
  const snapshot = (revision: string) => {
    const { stack, vpc } = demoStack();
    new HostImage(stack, 'Image', { vpc, dataPlane: DataPlane.kernel(), revision });
    return StackSnapshot.of(stack) as object;
  };
  expect(snapshot('2')).toEqual(snapshot('1'));
  expect(JSON.stringify(snapshot('1'))).toMatch(/"Version":"1\.CONTENT\.x"/);
});

test('a changed asset, script or gate alone changes nothing', () => {
  const json = template(feedStack().stack).toJSON() as object;
  const other = JSON.parse(JSON.stringify(json)
    .replace(/[0-9a-f]{64}/g, 'b'.repeat(64))
    .replace(/(Feed(?:ReadyHandle|Ready)[0-9A-F]{8})[0-9a-f]{8}/g, '$1cafecafe')
    .replace('set -Eeuo pipefail', 'set -eu')) as object;
  expect(other).not.toEqual(json);
  expect(StackSnapshot.normalize(other)).toEqual(StackSnapshot.normalize(json));
});
