// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { PACKAGE_ROOT } from '../../lab/package-root';
import { run } from '../../lab/shell';
import { alternate } from '../alternate';
import { Comparison } from '../comparison';
import { finding, Finding } from '../finding';

const GENERATORS = ['kb-gen', 'kb-gen-packet', 'kb-gen-afxdp'] as const;
const PEER = 'trafgen';
const MAX_LATE_US = 50; // of 1 message in 1000, at the rate the lab sends

/** What bench/generator.sh writes. */
interface Measured {
  readonly scheduleErrorNs: Readonly<Record<'p50' | 'p99' | 'p999' | 'max', number>>;
  readonly ceiling: Readonly<Record<string, number>>;
}

/** Whether the generator keeps its schedule, without which no latency means anything, and its ceiling. */
export const generator: Comparison = {
  name: 'generator',
  what: 'how late kb-gen is at 100,000/s, and what it sends at most beside trafgen, on one veth',
  byDefault: false,
  packages: ['netsniff-ng'],
  run: async (bench) => {
    const build = await bench.build('count', GENERATORS);
    const file = bench.folder.file('generator.json');
    const measure = async () => {
      await run(path.join(PACKAGE_ROOT, 'bench', 'generator.sh'), [
        '--build', path.resolve(build.program('kb-gen'), '..', '..'), '--seconds', String(bench.options.seconds), '--json', file,
      ], { signal: bench.signal });
      return JSON.parse(fs.readFileSync(file, 'utf8')) as Measured;
    };
    const [rounds] = await alternate(bench.options.rounds, [measure],
      (round) => bench.terminal.progress(`generator: round ${round} of ${bench.options.rounds}`));
    const ceiling = (name: string) => ({ name, samples: rounds.map((round) => round.ceiling[name]) });
    return [
      finding(
        { comparison: 'generator', metric: 'p99.9 late at 100,000/s', unit: 'µs', target: { atMost: 1 }, note: 'as a real-time program, the best of ten runs: the core should be idle' },
        { name: 'kb-gen', samples: rounds.map((round) => round.scheduleErrorNs.p999 / 1000) }, { name: 'limit', samples: [MAX_LATE_US] },
      ),
      ...GENERATORS.map((name): Finding => finding(
        { comparison: 'generator', metric: `ceiling of ${name}`, unit: 'messages/s' }, ceiling(name), ceiling(PEER),
      )),
    ];
  },
};
