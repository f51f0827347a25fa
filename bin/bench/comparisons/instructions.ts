// SPDX-License-Identifier: Apache-2.0
import { CommandError } from '../../commands/command-error';
import { DataPlaneBuild } from '../../lab/build';
import { attempt, lastWords, run } from '../../lab/shell';
import { Budget, readBudget, writeBudget } from '../budget';
import { Comparison } from '../comparison';
import { BenchContext } from '../context';
import { Finding, finding } from '../finding';

const FEW = 8_192;
const MANY = 32_768;
const HANDLERS = ['count', 'feed', 'ring'] as const;
const BURSTS = [1, 32] as const; // the usual burst of a calm feed, and a full one
const STREAMS = 16; // a datagram is seldom of the stream of the one before it
const REGRESSION = 1.03;

/**
 * Counted by callgrind, because a virtual machine often has no hardware counters, and because a
 * count does not depend on the machine's mood: the same compiler gives the same number.
 */
export const instructions: Comparison = {
  name: 'instructions',
  what: 'instructions per datagram of parser, loop, histogram and handlers, against bench/budget.json',
  byDefault: false,
  packages: ['valgrind', 'libcmocka-dev'],
  run: async (bench) => {
    const build = await bench.build('count', ['none', ...HANDLERS].map((handler) => `cost_${handler}`));
    const now: Budget = { arch: process.arch, compiler: await compiler(), instructions: await costs(build, bench) };
    if (bench.options.update) {
      writeBudget(now);
    }
    return compare(now, readBudget(), bench.options.check);
  },
};

function compare(now: Budget, budget: Budget, check: boolean): Finding[] {
  const same = now.arch === budget.arch && now.compiler === budget.compiler;
  if (!same && check) {
    throw CommandError.usage(`bench/budget.json is for ${budget.compiler} on ${budget.arch}, this is ${now.compiler} on ${now.arch}: the counts do not compare`);
  }
  return Object.entries(now.instructions).map(([part, cost]) => finding({
    comparison: 'instructions', metric: part, unit: 'per datagram',
    ...(check ? { target: { atMost: REGRESSION }, scatter: 0 } : {}),
    ...(same ? {} : { note: `the budget is for ${budget.compiler} on ${budget.arch}, this is ${now.compiler} on ${now.arch}` }),
  }, { name: 'now', samples: [cost] }, { name: 'budget', samples: [budget.instructions[part] ?? NaN] }));
}

async function costs(build: DataPlaneBuild, bench: BenchContext): Promise<Record<string, number>> {
  const cost = async (what: string, handler: string, part: string, burst = BURSTS[1] as number) => {
    bench.terminal.progress(`instructions: ${what}`);
    const [few, many] = [await count(build, handler, part, FEW, burst, bench.signal), await count(build, handler, part, MANY, burst, bench.signal)];
    return (many - few) / (MANY - FEW);
  };
  const found: [string, number][] = [
    ['parse', await cost('parse', 'none', 'parse', 1)],
    [`parse, ${STREAMS} streams in turn`, await cost(`parse, ${STREAMS} streams in turn`, 'none', 'parse', STREAMS)],
    ['histogram', await cost('histogram', 'none', 'histogram')],
  ];
  for (const burst of BURSTS) {
    const loop = await cost(`loop and statistics, burst ${burst}`, 'none', 'loop', burst);
    found.push([`loop and statistics, burst ${burst}`, loop]);
    for (const handler of HANDLERS) {
      found.push([`handler ${handler}, burst ${burst}`, await cost(`handler ${handler}, burst ${burst}`, handler, 'loop', burst) - loop]);
    }
  }
  return Object.fromEntries(found.map(([part, value]) => [part, Math.round(value * 10) / 10]));
}

async function count(build: DataPlaneBuild, handler: string, part: string, datagrams: number, burst: number, signal: AbortSignal): Promise<number> {
  const done = await attempt('valgrind', [
    '--tool=callgrind', '--callgrind-out-file=/dev/null', build.program(`cost_${handler}`), part, String(datagrams), String(burst),
  ], { signal });
  const collected = /Collected : (\d+)/.exec(done.stderr)?.[1];
  if (done.status !== 0 || collected === undefined) {
    throw CommandError.retry(`cost_${handler} ${part} stopped with status ${done.status}: ${lastWords(done.stderr)}`);
  }
  return Number(collected);
}

async function compiler(): Promise<string> {
  return `gcc ${(await run('gcc', ['-dumpfullversion'])).trim()}`;
}
