// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
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
  '--plane afxdp --from-scratch',
  '--plane kernel --power-cut install',
  '--plane kernel --power-cut reboot',
  ...Object.keys(BREAKS).map((name) => `--break ${name}`),
];

const KB = path.join(__dirname, '..', '..', 'bin', 'kb.js');
const LONGEST = 2 * 60 * 60 * 1000; // ms; an emulated machine that compiles, on a busy host

const chosen = { ci: CI, full: FULL }[process.env.KB_VM ?? ''];
if (chosen === undefined) {
  test.skip('deployments to virtual machines: set KB_VM to ci or full', () => undefined);
} else {
  test.each(chosen)('kb lab-vm %s', (args) => {
    const done = spawnSync(process.execPath, [KB, 'lab-vm', ...args.split(' ')], { stdio: ['ignore', 'inherit', 'inherit'] });
    expect(done.status).toBe(0);
  }, LONGEST);
}
