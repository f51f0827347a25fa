// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import * as path from 'node:path';
import * as readline from 'node:readline';
import { BREAKS } from '../../bin/vm/breaks';

/*
 * Real deployments to virtual machines, minutes each, so nothing happens unless KB_VM asks for it:
 * `ci` takes one of each kind of NIC ownership and three that must fail, `full` (npm run test:vm) everything.
 */
const CI: readonly string[] = [
  '--plane dpdk --iommu on',
  '--plane afxdp',
  '--break asset-hash',
  '--break handler',
  '--break no-data-interface',
];
const FULL: readonly string[] = [
  '--plane kernel --reboot --undo',
  '--plane xdp --reboot --undo',
  '--plane afxdp --reboot --undo',
  '--plane dpdk --iommu on --reboot --undo',
  '--plane dpdk --iommu off --reboot --undo',
  '--plane afxdp --host-image',
  '--plane afxdp --from-scratch',
  '--plane kernel --power-cut install',
  '--plane kernel --power-cut reboot',
  ...Object.keys(BREAKS).map((name) => `--break ${name}`),
];

const KB = path.join(__dirname, '..', '..', 'bin', 'kb.js');
const LONGEST = 2 * 60 * 60 * 1000; // ms; an emulated machine that compiles, on a busy host
const AT_ONCE = 2; // a machine that boots keeps little more than one CPU busy

/** Runs the command line, each line of its output behind its arguments; resolves to its exit status. */
function labVm(args: string): Promise<number | null> {
  const child = spawn(process.execPath, [KB, 'lab-vm', ...args.split(' ')], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const output of [child.stdout, child.stderr]) {
    readline.createInterface({ input: output }).on('line', (line) => process.stderr.write(`${args}: ${line}\n`));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
}

/** Starts them in order, so many at once; returns the end of each. */
function startAll(all: readonly string[]): Promise<number | null>[] {
  const ends: Promise<number | null>[] = [];
  all.forEach((args, index) => {
    const free = index < AT_ONCE ? Promise.resolve() : firstOf(ends, index - AT_ONCE + 1);
    ends.push(free.then(() => labVm(args)));
  });
  return ends;
}

/** Resolves when so many of them have ended. */
function firstOf(ends: readonly Promise<number | null>[], count: number): Promise<void> {
  return new Promise((resolve) => {
    let ended = 0;
    ends.forEach((end) => void end.finally(() => {
      ended += 1;
      if (ended === count) {
        resolve();
      }
    }));
  });
}

const chosen = { ci: CI, full: FULL }[process.env.KB_VM ?? ''];
if (chosen === undefined) {
  test.skip('deployments to virtual machines: set KB_VM to ci or full', () => undefined);
} else {
  let ends: Promise<number | null>[];
  beforeAll(() => {
    ends = startAll(chosen);
  });

  test.each(chosen.map((args, index) => [args, index] as const))('kb lab-vm %s', async (_, index) => {
    expect(await ends[index]).toBe(0);
  }, LONGEST);
}
