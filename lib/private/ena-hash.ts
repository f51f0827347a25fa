// SPDX-License-Identifier: Apache-2.0
import { parseKey, toeplitz } from './toeplitz';
import { RssHash } from '../rss-hash';
import type { RssFlow } from '../rss-plan';

/** The key of the cards that have just one: Microsoft's, with its four-byte words in reverse order. */
const FIXED_KEY = parseKey(
  'beac01fa6a42b73b8030f20c77cb2da3ae7b30b4d0ca2bcb43a38fb04167253d255b0ec26d5a56da',
)!;

/** The hash an ENA gives a UDP datagram of the flow (AWS: amzn-ec2-ena-utilities, ena-toeplitz). */
export function enaHash(hash: RssHash, key: Uint8Array, flow: RssFlow): number {
  const source = addressNumber(flow.sourceAddress);
  const destination = addressNumber(flow.destinationAddress);
  switch (hash) {
    case RssHash.DPDK:
      return toeplitz(key, tuple(source, destination, flow.sourcePort, flow.destinationPort));
    case RssHash.LINUX:
      return toeplitz(key.toReversed(), tuple(source, destination, flow.sourcePort, flow.destinationPort), 0xffffffff);
    case RssHash.FIXED_KEY: {
      // Both directions of a flow get the same hash, made of the low half alone.
      const [low, high] = sorted(source, destination);
      const [lowPort, highPort] = sorted(flow.sourcePort, flow.destinationPort);
      const half = toeplitz(FIXED_KEY, tuple(low, high, lowPort, highPort), 0xffffffff) & 0xffff;
      return (half | (half << 16)) >>> 0;
    }
  }
}

/** The IPv4 address as a number; undefined-like NaN for text that is none. */
export function addressNumber(text: string): number {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  return octets === undefined || octets.some((octet) => octet > 255)
    ? NaN
    : octets.reduce((number, octet) => number * 256 + octet, 0);
}

/** What is hashed: addresses and ports in network byte order, source before destination. */
function tuple(source: number, destination: number, sourcePort: number, destinationPort: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(12));
  view.setUint32(0, source);
  view.setUint32(4, destination);
  view.setUint16(8, sourcePort);
  view.setUint16(10, destinationPort);
  return new Uint8Array(view.buffer);
}

function sorted(a: number, b: number): [number, number] {
  return a < b ? [a, b] : [b, a];
}
