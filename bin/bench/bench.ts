// SPDX-License-Identifier: Apache-2.0
import { CommandError } from '../commands/command-error';
import { DataPlaneBuild } from '../lab/build';
import { allowedCpus, chooseCores } from '../lab/cores';
import { describeEnvironment } from '../lab/environment';
import { Lock } from '../lab/lock';
import { installPrerequisites, PACKAGES } from '../lab/prerequisites';
import { RunFolder } from '../lab/run-folder';
import { run } from '../lab/shell';
import { Terminal } from '../lab/terminal';
import { Undo } from '../lab/undo';
import { BenchContext } from './context';
import { Finding } from './finding';
import { BenchOptions } from './options';
import { BENCH_SCHEMA, BenchReport } from './report';

/** Makes the comparisons asked for, one after the other; `undo` can take everything back. */
export async function runBench(options: BenchOptions, terminal: Terminal, undo: Undo, signal: AbortSignal): Promise<BenchReport> {
  const root = process.getuid?.() === 0;
  const lock = await Lock.take(); // the lab's: a bench beside a lab would measure the lab
  undo.add('lock', () => lock.release());
  const cores = chooseCores(allowedCpus());
  await installPrerequisites(terminal, root, signal, [...PACKAGES, ...new Set(options.comparisons.flatMap(({ packages }) => packages))]);
  if (!root) {
    throw CommandError.usage('the bench needs root for network namespaces, XDP programs and huge pages: run it with sudo');
  }
  (await RunFolder.removeLeftovers()).forEach((what) => terminal.say(`removed ${what}, left by a run that was killed`));
  const folder = RunFolder.create();
  undo.add(folder.root, () => folder.remove());
  undo.add('huge pages', () => folder.restoreHugePages());
  await folder.mountBpf();
  // The bench's own work must not be where a receiver spins; threads to come inherit it.
  await run('taskset', ['--all-tasks', '--cpu-list', '--pid', String(cores.housekeeping), String(process.pid)]);

  const bench: BenchContext = {
    options, cores, folder, terminal, signal,
    build: (handler, programs) => DataPlaneBuild.make(programs, handler, terminal, signal, `bench-${handler.replace(/^.*\//, '')}`),
  };
  const findings: Finding[] = [];
  const errors: string[] = [];
  for (const comparison of options.comparisons) {
    try {
      findings.push(...await comparison.run(bench));
    } catch (error) {
      if (!(error instanceof CommandError)) {
        throw error;
      }
      errors.push(`${comparison.name}: ${error.message}`); // the others still have something to say
    }
  }
  return { schema: BENCH_SCHEMA, environment: await describeEnvironment(cores), rounds: options.rounds, seconds: options.seconds, findings, errors };
}
