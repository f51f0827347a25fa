// SPDX-License-Identifier: Apache-2.0
import { Size } from 'aws-cdk-lib';
import { PacketHandler, SequenceFormat } from '../../lib';
import { architectureTable, quoted, readAll } from './files';

const SOURCES = readAll('assets/dataplane/src/handlers');
const FOLDERS = [...new Set(Object.keys(SOURCES).map(file => file.split('/')[4]))].sort();

/** Each built-in handler, with every argument its factory can give. */
const HANDLERS = [
  PacketHandler.count(),
  PacketHandler.echo(),
  PacketHandler.feed({ format: SequenceFormat.raw({ offset: 0 }), lines: [1], reorderMicros: 1 }),
  PacketHandler.ring({ path: '/a', capacity: Size.mebibytes(1) }),
  PacketHandler.fanout({ subscribers: [{ address: '10.0.0.1', port: 1 }], fromPort: 1 }),
  PacketHandler.fanout({ subscribersFile: '/a' }),
];

test('every handler in C has a factory, and the other way round', () => {
  expect([...new Set(HANDLERS.map(handler => handler.name))].sort()).toEqual(FOLDERS);
});

test('ARCHITECTURE.md names them', () => {
  const [, form] = architectureTable('The plan').find(([keys]) => keys === '`KB_HANDLER`')!;
  expect(quoted(form).sort()).toEqual([...FOLDERS, 'custom'].sort());
});

test.each(HANDLERS.map(handler => [handler.name, handler] as const))('%s reads the arguments it is given, and its factory gives all it reads', name => {
  const source = Object.entries(SOURCES).filter(([file]) => file.split('/')[4] === name).map(([, text]) => text).join('\n');
  const inC = [...source.matchAll(/kb_handler_arg\([^,]+, "([a-z-]+)"/g)].map(([, key]) => key);
  const given = HANDLERS.filter(handler => handler.name === name).flatMap(handler => Object.keys(handler._bind().args));
  expect([...new Set(inC)].sort()).toEqual([...new Set(given)].sort());
});
