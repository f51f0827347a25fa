// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { Command } from './command';
import { guard } from './guard';
import { runBench } from '../bench/bench';
import { BENCH_USAGE, BenchOptions, parseBenchOptions } from '../bench/options';
import { benchFailures, BenchReport, benchTable } from '../bench/report';
import { Interruption, Interruptions } from '../lab/interruption';
import { Terminal } from '../lab/terminal';
import { Undo } from '../lab/undo';

export const bench: Command = {
  name: 'bench',
  summary: 'measure the data plane against testpmd, sockperf and its own instruction budget',
  run: (args) => guard('bench', async () => {
    const options = parseBenchOptions(args);
    if (options === 'help') {
      console.log(BENCH_USAGE);
      return 0;
    }
    return runAndReport(options, new Terminal());
  }),
};

async function runAndReport(options: BenchOptions, terminal: Terminal): Promise<number> {
  const undo = new Undo();
  const interruptions = new Interruptions(() => terminal.say('kb bench: still taking back what was made'));
  try {
    return show(await runBench(options, terminal, undo, interruptions.signal), options, terminal);
  } catch (error) {
    if (error instanceof Interruption) {
      terminal.say(`kb bench: ${error.message}`);
      return error.exitStatus;
    }
    throw error;
  } finally {
    (await undo.run()).forEach((failed) => terminal.say(`kb bench: could not take back ${failed}`));
    interruptions.close();
  }
}

function show(report: BenchReport, options: BenchOptions, terminal: Terminal): number {
  terminal.print(benchTable(report));
  if (options.json !== undefined) {
    fs.writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    terminal.say(`report: ${options.json}`);
  }
  const failed = benchFailures(report);
  failed.forEach((failure) => terminal.say(`kb bench: ${failure}`));
  return failed.length === 0 ? 0 : 1;
}
