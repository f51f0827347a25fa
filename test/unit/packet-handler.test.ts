// SPDX-License-Identifier: Apache-2.0
import { Size } from 'aws-cdk-lib';
import { DataPlane, PacketHandler, SequenceFormat } from '../../lib';
import { feedStack, planOf } from './fixtures/stack';

const planWith = (handler: PacketHandler) => planOf(feedStack({ dataPlane: DataPlane.dpdk({ handler }) }).stack);

describe('in the plan', () => {
  test.each<[string, PacketHandler, string]>([
    ['count', PacketHandler.count(), ''],
    ['echo', PacketHandler.echo(), ''],
    ['feed', PacketHandler.feed(), ''],
    ['feed', PacketHandler.feed({ format: SequenceFormat.generator() }), 'format=kb'],
    ['feed', PacketHandler.feed({ format: SequenceFormat.moldUdp64(), lines: [9000, 9001], reorderMicros: 0 }),
      'format=moldudp64 lines=9000,9001 reorder-us=0'],
    ['feed', PacketHandler.feed({ format: SequenceFormat.raw({ offset: 4 }) }), 'format=raw seq=4:8:be'],
    ['feed', PacketHandler.feed({ format: SequenceFormat.raw({ offset: 0, bytes: 4, littleEndian: true }) }), 'format=raw seq=0:4:le'],
    ['ring', PacketHandler.ring(), ''],
    ['ring', PacketHandler.ring({ path: '/dev/shm/itch', capacity: Size.mebibytes(64) }), 'path=/dev/shm/itch size=67108864'],
    ['fanout', PacketHandler.fanout({ subscribers: [{ address: '10.0.0.5', port: 1 }, { address: '239.1.1.1', port: 2 }], fromPort: 9000 }),
      'to=10.0.0.5:1,239.1.1.1:2 from-port=9000'],
    ['fanout', PacketHandler.fanout({ subscribersFile: '/etc/kb/subscribers' }), 'subscribers=/etc/kb/subscribers'],
  ])('%s %#', (name, handler, args) => {
    expect(planWith(handler)).toMatchObject({ KB_HANDLER: name, KB_HANDLER_ARGS: args });
  });
});

test('an own handler keeps its directory', () => {
  const handler = PacketHandler.fromAsset('handlers/itch', { arguments: { depth: '10' } });
  expect([handler.name, handler.directory]).toEqual(['custom', 'handlers/itch']);
});

describe('fails', () => {
  const many = Array.from({ length: 40 }, (_, i) => ({ address: `10.0.0.${i + 1}`, port: 9000 }));
  test.each<[PacketHandler, string]>([
    [PacketHandler.feed({ lines: [1, 2, 3, 4, 5] }), "'lines' must have between 1 and 4 ports, got 5"],
    [PacketHandler.feed({ lines: [70000] }), "'lines' must be between 1 and 65535, got 70000"],
    [PacketHandler.feed({ reorderMicros: -1 }), "'reorderMicros' must be between 0 and 10000000, got -1"],
    [PacketHandler.feed({ format: SequenceFormat.raw({ offset: 9000 }) }), "'offset' must be between 0 and 8964, got 9000"],
    [PacketHandler.feed({ format: SequenceFormat.raw({ offset: 0, bytes: 2 }) }), "'bytes' must be 4 or 8, got 2"],
    [PacketHandler.ring({ path: 'kb-ring' }), "'path' must be an absolute path of at most 191 characters, got 'kb-ring'"],
    [PacketHandler.ring({ capacity: Size.mebibytes(3) }), "'capacity' must be a power of two between 64 KiB and 1 GiB, got 3072 KiB"],
    [PacketHandler.ring({ capacity: Size.gibibytes(2) }), "'capacity' must be a power of two between 64 KiB and 1 GiB, got 2097152 KiB"],
    [PacketHandler.fanout({}), "a fan-out needs either 'subscribers' or a 'subscribersFile'"],
    [PacketHandler.fanout({ subscribers: many.slice(0, 1), subscribersFile: '/a' }), "a fan-out needs either 'subscribers' or a 'subscribersFile'"],
    [PacketHandler.fanout({ subscribers: [{ address: 'host', port: 1 }] }), "'address' of a subscriber must be an IPv4 address, got 'host'"],
    [PacketHandler.fanout({ subscribers: [{ address: '10.0.0.1', port: 0 }] }), "'port' must be between 1 and 65535, got 0"],
    [PacketHandler.fanout({ subscribersFile: 'list' }), "'subscribersFile' must be an absolute path on the host, got 'list'"],
    [PacketHandler.fanout({ subscribersFile: '/a', fromPort: 65536 }), "'fromPort' must be between 1 and 65535, got 65536"],
    [PacketHandler.fanout({ subscribers: many }),
      "the arguments of the handler may have at most 511 characters, got 593; give so many subscribers in a 'subscribersFile'"],
  ])('%#', (handler, message) => {
    expect(() => planWith(handler)).toThrow(new Error(`${message} (at Demo/Feed)`));
  });
});
