// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { readCapture } from '../../bin/lab/capture';

interface Format {
  readonly big?: boolean;
  readonly nanoseconds?: boolean;
}

let folder: string;
beforeAll(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-capture-')); });
afterAll(() => fs.rmSync(folder, { recursive: true }));

function words(big: boolean, ...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => (big ? bytes.writeUInt32BE(value, 4 * i) : bytes.writeUInt32LE(value, 4 * i)));
  return bytes;
}

/** A datagram in a frame; another protocol or flags make something else of it. */
function frame(payload: number, { tagged = false, options = 0, protocol = 17, flags = 0 } = {}): Buffer {
  const ethernet = Buffer.from(tagged ? '020000000002020000000001810000070800' : '0200000000020200000000010800', 'hex');
  const packet = Buffer.alloc(28 + options + payload);
  packet[0] = 0x45 + options / 4;
  packet.writeUInt16BE(packet.length, 2);
  packet[6] = flags;
  packet[9] = protocol;
  return Buffer.concat([ethernet, packet]);
}

function file(frames: readonly (readonly [number, Buffer])[], { big = false, nanoseconds = false }: Format = {}): string {
  const name = path.join(folder, `${fs.readdirSync(folder).length}.pcap`);
  const second = nanoseconds ? 1e9 : 1e6;
  const records = frames.map(([at, bytes]) => Buffer.concat([words(big, Math.floor(at), Math.round((at % 1) * second), bytes.length, bytes.length), bytes]));
  fs.writeFileSync(name, Buffer.concat([words(big, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 0, 0, 0, 65535, 1), ...records]));
  return name;
}

test.each<Format>([{}, { big: true }, { nanoseconds: true }, { big: true, nanoseconds: true }])('reads a capture of format %j', (format) => {
  const name = file([[100.5, frame(64)], [101.25, frame(246)]], format);
  expect(readCapture(name)).toEqual({ file: name, datagrams: 2, bytes: 310, largest: 246, seconds: expect.closeTo(0.75, 6) as number });
});

test('knows datagrams behind a VLAN tag and IPv4 options, and what is none', () => {
  const tcp = frame(1400, { protocol: 6 });
  const fragment = frame(1400, { flags: 0x20 });
  const name = file([[1, tcp], [2, frame(10, { tagged: true })], [3, frame(20, { options: 40 })], [4, frame(5, { tagged: true, options: 8 })], [5, fragment], [6, Buffer.alloc(20)]]);
  expect(readCapture(name)).toMatchObject({ datagrams: 3, bytes: 35, largest: 20, seconds: 2 });
});

test('takes what comes before the cut of one that is cut', () => {
  const name = file([[1, frame(10)], [2, frame(10)]]);
  fs.truncateSync(name, fs.statSync(name).size - 70); // inside the second record's header or frame
  expect(readCapture(name).datagrams).toBe(1);
});

test.each([
  ['a pcapng file', Buffer.from('0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff', 'hex'), /'editcap -F nsecpcap IN OUT' makes one/],
  ['what was captured from no Ethernet', words(false, 0xa1b2c3d4, 0, 0, 0, 65535, 113), /its frames are not of Ethernet/],
  ['a file without datagrams', words(false, 0xa1b2c3d4, 0, 0, 0, 65535, 1), /it has none/],
])('refuses %s', (_, bytes, message) => {
  const name = path.join(folder, 'bad');
  fs.writeFileSync(name, bytes);
  expect(() => readCapture(name)).toThrow(message);
});
