// SPDX-License-Identifier: Apache-2.0
import { ConsoleWatcher } from '../../../bin/vm/console-watcher';

test.each([
  ['[   12.345678] kb-step-install[812]: receiver kb-afxdp is installed', 'kb-step-install: receiver kb-afxdp is installed'],
  ['[\u001b[0;32m  OK  \u001b[0m] Finished \u001b[0;1;39mkb-step-irq.service\u001b[0m - Interrupts.', 'Finished kb-step-irq.service - Interrupts.'],
  ['[\u001b[0;1;31mFAILED\u001b[0m] Failed to start \u001b[0;1;39mkb-receiver.service\u001b[0m - The packet receiver.', 'FAILED: Failed to start kb-receiver.service - The packet receiver.'],
  ['[  101.5] cloud-init[500]: Cloud-init v. 25.1.4 running \'init\' at Sun, 22 Nov 2026', "Cloud-init v. 25.1.4 running 'init'"],
  ['[   16.3] Kernel panic - not syncing: Fatal exception in interrupt', 'kernel panic: not syncing: Fatal exception in interrupt'],
])('reads %j', (line, words) => {
  expect(new ConsoleWatcher().read(line)?.words).toBe(words);
});

test('counts kernels', () => {
  const watcher = new ConsoleWatcher();
  const start = '[    0.000000] Linux version 6.12.107+deb13-cloud-amd64 (x86_64-linux-gnu-gcc-14)';
  expect([watcher.read(start)?.boot, watcher.read('anything'), watcher.read(start)?.boot]).toEqual([1, undefined, 2]);
});

test('reads how long the kernel ran when cloud-init was done', () => {
  const line = '[  222.1] cloud-init[500]: Cloud-init v. 25.1.4 finished at Sun, 22 Nov 2026 19:50:00 +0000. Datasource DataSourceEc2Local.  Up 221.90 seconds';
  expect(new ConsoleWatcher().read(line)).toEqual({ finishedAfter: 221.9, words: 'Cloud-init v. 25.1.4 finished' });
});
