// SPDX-License-Identifier: Apache-2.0
import * as path from 'node:path';
import { PACKAGE_ROOT } from '../../lab/package-root';
import { run } from '../../lab/shell';
import { synthesisePlan } from '../../lab/plan';
import { alternate } from '../alternate';
import { Comparison } from '../comparison';
import { BenchContext } from '../context';
import { finding } from '../finding';

/** What this library adds to the wait for `cdk synth`, beside what loading aws-cdk-lib takes anyway. */
export const synth: Comparison = {
  name: 'synth',
  what: 'synthesis of the demo against that of an app with one empty stack',
  byDefault: false,
  packages: [],
  run: async (bench) => {
    const [demo, empty] = await alternate(bench.options.rounds, [
      () => timed(() => synthesisePlan('dpdk', bench.folder.folder('synth-demo'), bench.signal)),
      () => timed(() => emptyApp(bench)),
    ], (round) => bench.terminal.progress(`synth: round ${round} of ${bench.options.rounds}`));
    return [finding(
      { comparison: 'synth', metric: 'one synthesis', unit: 'seconds', target: { atMost: 1.25 } },
      { name: 'demo', samples: demo }, { name: 'empty stack', samples: empty },
    )];
  },
};

function emptyApp(bench: BenchContext): Promise<string> {
  return run(process.execPath, [path.join(__dirname, '..', 'empty-app.js')], {
    cwd: PACKAGE_ROOT, env: { ...process.env, CDK_OUTDIR: bench.folder.folder('synth-empty') }, signal: bench.signal,
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
