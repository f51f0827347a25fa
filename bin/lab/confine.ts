// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';

/** Where a program of a run belongs. */
export interface Place {
  /** Its network namespace; /sys and bpffs stay as they are outside. */
  readonly namespace?: string;
  readonly cpus: readonly number[];
}

// Cores cannot be isolated here as they are on a host, but others can be made to wait.
const PRIORITY = -20;

/**
 * The command line that runs a program in its place. Each wrapper becomes the next program, so the
 * process that is started is the program itself; and it ends with the lab, even when that is killed.
 */
export function confine(place: Place, program: string, args: readonly string[]): [string, string[]] {
  const enter = place.namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${place.namespace}`, '--'];
  return ['setpriv', ['--pdeathsig', 'KILL', '--', ...enter,
    'nice', `--adjustment=${PRIORITY}`, 'taskset', '--cpu-list', place.cpus.join(','), program, ...args]];
}

/**
 * Gives a started program's session the same priority: where the kernel schedules sessions against
 * each other (autogroup), the priority of a process counts within its own only.
 */
export function prioritise(pid: number): void {
  try {
    fs.writeFileSync(`/proc/${pid}/autogroup`, String(PRIORITY));
  } catch {
    // A kernel without it, or the program has ended already.
  }
}
