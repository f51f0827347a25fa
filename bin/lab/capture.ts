// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { CommandError } from '../commands/command-error';

/** A capture to be sent as the feed, and what is in it. */
export interface Capture {
  readonly file: string;
  readonly datagrams: number;
  /** UDP payload, in bytes. */
  readonly bytes: number;
  readonly largest: number;
  /** From the first to the last. */
  readonly seconds: number;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16; // seconds, fraction, captured bytes, bytes on the wire
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const ETHERNET_LINK = 1; // in the lower half of the link type
const PCAPNG = 0x0a0d0d0a; // the same in either byte order

const ETHERNET = 14;
const VLAN_TAG = 4;
const IPV4_HEADER = 60; // the most it can be
const UDP = 8;
const HEADERS = ETHERNET + VLAN_TAG + IPV4_HEADER + UDP;

/**
 * Looks through a capture before anything is made: what it needs of a wire, and how long it takes.
 * kb-gen reads it for itself, and is exact about what is a datagram.
 */
export function readCapture(file: string): Capture {
  const refuse = (what: string) => CommandError.usage(`'--pcap' must be a pcap file with UDP datagrams over Ethernet, got '${file}': ${what}`);
  let handle: number;
  try {
    handle = fs.openSync(file, 'r');
  } catch (error) {
    throw refuse((error as NodeJS.ErrnoException).code ?? String(error));
  }
  try {
    const header = Buffer.alloc(FILE_HEADER);
    if (!fs.fstatSync(handle).isFile() || fs.readSync(handle, header) < FILE_HEADER) {
      throw refuse('it is shorter than any, or no file');
    }
    if (header.readUInt32LE(0) === PCAPNG) {
      throw refuse("'editcap -F nsecpcap IN OUT' makes one of a pcapng file");
    }
    const little = [MICROSECONDS, NANOSECONDS].includes(header.readUInt32LE(0));
    const magic = little ? header.readUInt32LE(0) : header.readUInt32BE(0);
    if (magic !== MICROSECONDS && magic !== NANOSECONDS) {
      throw refuse('it is none');
    }
    if ((little ? header.readUInt32LE(20) : header.readUInt32BE(20)) % 0x10000 !== ETHERNET_LINK) {
      throw refuse('its frames are not of Ethernet');
    }
    const found = scan(handle, little, magic === NANOSECONDS ? 1e-9 : 1e-6);
    if (found.datagrams === 0) {
      throw refuse('it has none');
    }
    return { file, ...found };
  } finally {
    fs.closeSync(handle);
  }
}

function scan(handle: number, little: boolean, fraction: number): Omit<Capture, 'file'> {
  const record = Buffer.alloc(RECORD_HEADER + HEADERS);
  const word = (at: number) => (little ? record.readUInt32LE(at) : record.readUInt32BE(at));
  let [datagrams, bytes, largest, first, last] = [0, 0, 0, 0, 0];
  for (let at = FILE_HEADER; ; at += RECORD_HEADER + word(8)) {
    const have = fs.readSync(handle, record, 0, record.length, at);
    if (have < RECORD_HEADER) {
      return { datagrams, bytes, largest, seconds: last - first };
    }
    const frame = record.subarray(RECORD_HEADER, Math.min(have, RECORD_HEADER + word(8)));
    const payload = udpPayload(frame);
    if (payload !== undefined) {
      const stamp = word(0) + word(4) * fraction;
      first = datagrams === 0 ? stamp : first;
      last = Math.max(last, stamp);
      datagrams += 1;
      bytes += payload;
      largest = Math.max(largest, payload);
    }
  }
}

/** The payload's length, by the headers of a frame. */
function udpPayload(frame: Buffer): number | undefined {
  const tagged = frame.length > ETHERNET && frame.readUInt16BE(12) === 0x8100;
  const packet = frame.subarray(ETHERNET + (tagged ? VLAN_TAG : 0));
  if (packet.length < 20 + UDP || frame.readUInt16BE(tagged ? 16 : 12) !== 0x0800 || packet[9] !== 17 || (packet.readUInt16BE(6) & 0x3fff) !== 0) {
    return undefined;
  }
  const payload = packet.readUInt16BE(2) - (packet[0] & 0x0f) * 4 - UDP;
  return payload < 0 ? undefined : payload;
}
