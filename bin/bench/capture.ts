// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';

export const FRAME_BYTES = 288;
export const FEED_PORT = 9000;
const HEADERS = 42; // Ethernet, IPv4 and UDP
const MAGIC = 0x3147424b; // include/kb/msg.h

/** Beyond what a receiver takes for a late message: the numbers below are a feed that starts over. */
const RESTART = 1n << 21n;

/**
 * A capture of kb-gen's messages, for a port that plays it in a loop. The numbers rise, as a feed's
 * do; the last two leap, so that the next round is no late messages of this one but a feed that
 * began anew. They are two because a single one would be taken for a stray. The messages are stamped with the present, so that their age is a real one.
 */
export function writeCapture(file: string, frames: number, sourceMac: string, destinationMac: string): void {
  const now = BigInt(Date.now()) * 1_000_000n;
  const records = Array.from({ length: frames }, (_, i) => {
    const seq = BigInt(i) + (i >= frames - 2 ? RESTART : 0n);
    return Buffer.concat([recordHeader(), frame(seq, now, sourceMac, destinationMac)]);
  });
  fs.writeFileSync(file, Buffer.concat([fileHeader(), ...records]));
}

function fileHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0); // pcap, microseconds
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16); // snapshot length
  header.writeUInt32LE(1, 20); // Ethernet
  return header;
}

function recordHeader(): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(FRAME_BYTES, 8);
  header.writeUInt32LE(FRAME_BYTES, 12);
  return header;
}

function frame(seq: bigint, scheduledNs: bigint, sourceMac: string, destinationMac: string): Buffer {
  const bytes = Buffer.alloc(FRAME_BYTES);
  mac(destinationMac).copy(bytes, 0);
  mac(sourceMac).copy(bytes, 6);
  bytes.writeUInt16BE(0x0800, 12);
  bytes.writeUInt16BE(0x4500, 14);
  bytes.writeUInt16BE(FRAME_BYTES - 14, 16);
  bytes.writeUInt16BE(64 << 8 | 17, 22); // time to live, UDP
  Buffer.from([198, 18, 0, 1, 198, 18, 0, 2]).copy(bytes, 26);
  bytes.writeUInt16BE(40_000, 34);
  bytes.writeUInt16BE(FEED_PORT, 36);
  bytes.writeUInt16BE(FRAME_BYTES - 34, 38);
  bytes.writeUInt32LE(MAGIC, HEADERS);
  bytes.writeBigUInt64LE(seq, HEADERS + 8);
  bytes.writeBigUInt64LE(scheduledNs, HEADERS + 16);
  return bytes;
}

function mac(text: string): Buffer {
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}
