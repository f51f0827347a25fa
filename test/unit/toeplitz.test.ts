// SPDX-License-Identifier: Apache-2.0
import { enaHash } from '../../lib/private/ena-hash';
import { formatKey, MICROSOFT_KEY, parseKey, toeplitz } from '../../lib/private/toeplitz';
import { RssHash } from '../../lib/rss-hash';
import type { RssFlow } from '../../lib/rss-plan';

const microsoft = parseKey(MICROSOFT_KEY)!;
/** The key of the example in AWS's hash calculator. */
const other = parseKey('77:d1:c9:34:a4:c9:bd:87:6e:35:dd:17:b2:e3:23:9e:39:6d:8a:93:2a:95:b4:72:3a:b3:7f:56:8e:de:b6:01:97:af:3b:2f:3a:70:e7:04')!;

function flow(sourceAddress: string, sourcePort: number, destinationAddress: string, destinationPort: number): RssFlow {
  return { sourceAddress, sourcePort, destinationAddress, destinationPort };
}

/** "Verifying the RSS hash calculation", IPv4: source, destination, hash of addresses and ports, hash of addresses. */
const published: [RssFlow, number, number][] = [
  [flow('66.9.149.187', 2794, '161.142.100.80', 1766), 0x51ccc178, 0x323e8fc2],
  [flow('199.92.111.2', 14230, '65.69.140.83', 4739), 0xc626b0ea, 0xd718262a],
  [flow('24.19.198.95', 12898, '12.22.207.184', 38024), 0x5c2b394a, 0xd2d0a5de],
  [flow('38.27.205.30', 48228, '209.142.163.6', 2217), 0xafc7327f, 0x82989176],
  [flow('153.39.163.191', 44251, '202.188.127.2', 1303), 0x10e828a2, 0x5d1809c5],
];

test.each(published)('Microsoft\'s vector for %o', (vector, withPorts, withoutPorts) => {
  const addresses = [vector.sourceAddress, vector.destinationAddress].flatMap((address) => address.split('.').map(Number));
  expect(toeplitz(microsoft, Uint8Array.from(addresses))).toBe(withoutPorts);
  expect(enaHash(RssHash.DPDK, microsoft, vector)).toBe(withPorts);
});

/** Computed with a separate program from AWS's description (amzn-ec2-ena-utilities, ena-toeplitz). */
test.each<[RssFlow, string, string, string, string, string]>([
  [flow('1.2.3.4', 7000, '1.2.3.5', 7000), 'edfa8135', '996a2089', '50705070', 'a9828bd4', '5b5eb8e5'],
  [flow('10.0.0.1', 1000, '10.1.0.2', 9000), '4c15df6c', 'a432df45', 'b59db59d', '7c651637', '2cae589b'],
  [flow('192.168.7.9', 65535, '239.1.2.3', 1), '944186b6', 'a841f41e', '780e780e', '9d4a90e7', 'c7e939da'],
])('what an ENA makes of %o', (vector, dpdk, linux, fixed, dpdkOther, linuxOther) => {
  const hex = (hash: RssHash, key: Uint8Array) => enaHash(hash, key, vector).toString(16).padStart(8, '0');
  expect([hex(RssHash.DPDK, microsoft), hex(RssHash.LINUX, microsoft), hex(RssHash.FIXED_KEY, microsoft)]).toEqual([dpdk, linux, fixed]);
  expect([hex(RssHash.DPDK, other), hex(RssHash.LINUX, other), hex(RssHash.FIXED_KEY, other)]).toEqual([dpdkOther, linuxOther, fixed]);
});

test('a card with a fixed key gives both directions one hash; the others do not', () => {
  const there = flow('10.0.0.1', 1000, '10.1.0.2', 9000);
  const back = flow('10.1.0.2', 9000, '10.0.0.1', 1000);
  expect(enaHash(RssHash.FIXED_KEY, microsoft, back)).toBe(enaHash(RssHash.FIXED_KEY, microsoft, there));
  expect(enaHash(RssHash.LINUX, microsoft, back)).not.toBe(enaHash(RssHash.LINUX, microsoft, there));
});

test('a key is read with colons or without, and written with them', () => {
  expect(formatKey(parseKey(MICROSOFT_KEY.replace(/:/g, '').toUpperCase())!)).toBe(MICROSOFT_KEY);
  expect(parseKey(MICROSOFT_KEY)).toEqual(microsoft);
});

test.each(['', 'ab', MICROSOFT_KEY.slice(3), `${MICROSOFT_KEY}:00`, MICROSOFT_KEY.replace('6d', '6g'), MICROSOFT_KEY.replace(':', '')])('%p is no key', (text) => {
  expect(parseKey(text)).toBeUndefined();
});
