// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Command } from './command';
import { guard } from './guard';
import { Interruption, Interruptions } from '../lab/interruption';
import { Terminal } from '../lab/terminal';
import { parseVmOptions, VM_USAGE, VmOptions } from '../vm/options';
import { removeRun, runVmLab } from '../vm/vm-lab';

export const labVm: Command = {
  name: 'lab-vm',
  summary: 'deploy the synthesised stack to a virtual machine, as CloudFormation would',
  run: (args) => guard('lab-vm', async () => {
    const options = parseVmOptions(args);
    if (options === 'help') {
      console.log(VM_USAGE);
      return 0;
    }
    return runAndReport(options, new Terminal());
  }),
};

async function runAndReport(options: VmOptions, terminal: Terminal): Promise<number> {
  const interruptions = new Interruptions(() => terminal.say('kb lab-vm: still switching the machine off'));
  try {
    const { report, folder } = await runVmLab(options, terminal, interruptions.signal);
    if (options.json !== undefined) {
      fs.writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    }
    if (report.findings.length > 0) {
      report.findings.forEach((finding) => terminal.say(`kb lab-vm: ${finding}`));
      terminal.say(`console log: ${path.join(folder, 'console.log')}`);
      return 1;
    }
    const expected = options.breakage === undefined ? '' : ', as it should';
    if (Object.keys(report.phases).length > 0) {
      terminal.print(`phases of the boot, in seconds: ${Object.entries(report.phases).map(([phase, seconds]) => `${phase} ${seconds.toFixed(1)}`).join(', ')}`);
    }
    terminal.print(`${report.status}${expected}: ${report.plane}, signalled ${report.secondsToSignal.toFixed(0)} s after power-on, ${report.boots} boots, ${report.statsdLines} statsd lines`);
    removeRun(folder);
    return 0;
  } catch (error) {
    if (error instanceof Interruption) {
      terminal.say(`kb lab-vm: ${error.message}`);
      return error.exitStatus;
    }
    throw error;
  } finally {
    interruptions.close();
  }
}
