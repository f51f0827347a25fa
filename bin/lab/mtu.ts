// SPDX-License-Identifier: Apache-2.0
import { CommandError } from '../commands/command-error';
import { LabOptions } from './options';
import { Plan } from './plan';
import { LabPlane } from './planes';

const HEADERS = 28; // IPv4 and UDP
const PAGE_FRAME_MTU = 3498; // what leaves room for headers in the 4096 bytes of a page
const MEMIF_MTU = 1500; // net_memif's own limit

/** The plan's MTU, where the drivers that stand in for the ENA can do it. */
export function labMtu(plane: LabPlane, plan: Plan): number {
  const most = plane.wire === 'memif' ? MEMIF_MTU : plane.plane === 'dpdk' ? PAGE_FRAME_MTU : Infinity;
  return Math.min(Number(plan.KB_MTU), most);
}

/** Refuses messages that would go out as fragments, which no plane puts together again. */
export function checkSize(options: LabOptions, plane: LabPlane, plan: Plan): void {
  const mtu = labMtu(plane, plan);
  const [size, what] = options.capture === undefined ? [options.size, "'--size'"] : [options.capture.largest, "The datagrams of '--pcap'"];
  if (size > mtu - HEADERS) {
    throw CommandError.usage(`${what} must be at most ${mtu - HEADERS} on ${plane.name}, an MTU of ${mtu} less ${HEADERS} bytes of headers, got ${size}`);
  }
}
