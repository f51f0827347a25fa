// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { Command } from './command';
import { guard } from './guard';
import { Interruption, Interruptions } from '../lab/interruption';
import { runLab } from '../lab/lab';
import { LAB_USAGE, LabOptions, parseLabOptions } from '../lab/options';
import { failures, LabReport, warnings } from '../lab/report';
import { reportPage } from '../lab/report-page';
import { reportTable } from '../lab/report-table';
import { Terminal } from '../lab/terminal';
import { Undo } from '../lab/undo';

export const lab: Command = {
  name: 'lab',
  summary: 'send a feed through every data plane on this machine and account for every packet',
  run: (args) => guard('lab', async () => {
    const options = parseLabOptions(args);
    if (options === 'help') {
      console.log(LAB_USAGE);
      return 0;
    }
    return runAndReport(options, new Terminal());
  }),
};

async function runAndReport(options: LabOptions, terminal: Terminal): Promise<number> {
  const undo = new Undo();
  const interruptions = new Interruptions(() => terminal.say('kb lab: still taking back what was made'));
  try {
    return show(await runLab(options, terminal, undo, interruptions.signal), options, terminal);
  } catch (error) {
    if (error instanceof Interruption) {
      terminal.say(`kb lab: ${error.message}`);
      return error.exitStatus;
    }
    throw error;
  } finally {
    (await undo.run()).forEach((failed) => terminal.say(`kb lab: could not take back ${failed}`));
    interruptions.close();
  }
}

function show(report: LabReport, options: LabOptions, terminal: Terminal): number {
  terminal.print(reportTable(report));
  if (options.json !== undefined) {
    fs.writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    terminal.say(`report: ${options.json}`);
  }
  if (options.html !== undefined) {
    fs.writeFileSync(options.html, reportPage(report));
    terminal.say(`page: ${options.html}`);
  }
  report.runs.flatMap(warnings).forEach((warning) => terminal.say(`kb lab: ${warning}`));
  const failed = [...report.errors, ...report.runs.flatMap(failures)];
  failed.forEach((failure) => terminal.say(`kb lab: ${failure}`));
  return failed.length === 0 ? 0 : 1;
}
