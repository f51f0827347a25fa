// SPDX-License-Identifier: Apache-2.0
import * as path from 'node:path';
import { PACKAGE_ROOT } from '../../lab/package-root';
import { run } from '../../lab/shell';
import { alternate } from '../alternate';
import { Comparison } from '../comparison';
import { BenchContext } from '../context';
import { finding } from '../finding';

/** What this library adds to the wait for `npx cdk synth`, beside what the command line and aws-cdk-lib take anyway. */
export const synth: Comparison = {
  name: 'synth',
  what: 'synthesis of the demo against that of an app with one empty stack',
  byDefault: false,
  packages: [],
  run: async (bench) => {
    const [demo, empty] = await alternate(bench.options.rounds, [
      () => timed(() => synthesise('kernel-bypass.js', bench)),
      () => timed(() => synthesise('bench/empty-app.js', bench)),
    ], (round) => bench.terminal.progress(`synth: round ${round} of ${bench.options.rounds}`));
    return [finding(
      { comparison: 'synth', metric: 'one synthesis', unit: 'seconds', target: { atMost: 1.25 } },
      { name: 'demo', samples: demo }, { name: 'empty stack', samples: empty },
    )];
  },
};

const CLI = path.join(PACKAGE_ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk');

function synthesise(app: string, bench: BenchContext): Promise<string> {
  const output = bench.folder.folder(`synth-${path.basename(app, '.js')}`);
  return run(process.execPath, [CLI, 'synth', '--quiet', '--no-notices', '--app', `node bin/${app}`, '--output', output], {
    cwd: PACKAGE_ROOT, env: process.env, signal: bench.signal,
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
