// SPDX-License-Identifier: Apache-2.0

/** Where a program of a run belongs. */
export interface Place {
  /** Its network namespace; /sys and bpffs stay as they are outside. */
  readonly namespace?: string;
  readonly cpus: readonly number[];
}

/**
 * The command line that runs a program in its place. Each wrapper becomes the next program, so the
 * process that is started is the program itself; and it ends with the lab, even when that is killed.
 */
export function confine(place: Place, program: string, args: readonly string[]): [string, string[]] {
  const enter = place.namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${place.namespace}`, '--'];
  return ['setpriv', ['--pdeathsig', 'KILL', '--', ...enter, 'taskset', '--cpu-list', place.cpus.join(','), program, ...args]];
}
