// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CommandError } from '../commands/command-error';
import { parseOptions } from '../commands/guard';
import { Comparison } from './comparison';
import { COMPARISONS } from './comparisons';

/** Programs that ours are measured against; each may be another build than the distribution's. */
export const PEERS = { testpmd: 'dpdk-testpmd', sockperf: 'sockperf', trafgen: 'trafgen' } as const;
export type Peers = Readonly<Record<keyof typeof PEERS, string>>;

/** What a bench is asked to do. */
export interface BenchOptions {
  readonly comparisons: readonly Comparison[];
  /** How often each side is measured. */
  readonly rounds: number;
  /** Of one measurement. */
  readonly seconds: number;
  readonly peers: Peers;
  readonly json?: string;
  /** Fail when a part costs more instructions than its budget allows. */
  readonly check: boolean;
  /** Write what the parts cost now as their budget. */
  readonly update: boolean;
}

const DEFAULT_ROUNDS = 5;
const DEFAULT_SECONDS = 2;

export const BENCH_USAGE = `usage: npm run bench [-- OPTION...]        (or: npx kb bench OPTION...)

Measures the data plane against the programs that engineers measure with, in one run and in turn.

  --only LIST        which comparisons, comma separated; those without a star by default
${COMPARISONS.map(({ name, what, byDefault }) => `                     ${(byDefault ? name : `${name}*`).padEnd(13)} ${what}`).join('\n')}
  --instructions     the same as --only instructions
  --check            with instructions: fail on more than 3 % over bench/budget.json
  --update           with instructions: write bench/budget.json
  --synth            the same as --only synth
  --rounds N         measurements of each side (${DEFAULT_ROUNDS}), 1 to 99; the median counts
  --seconds N        length of one measurement (${DEFAULT_SECONDS}), 1 to 600
  --peer NAME=PATH   another build of ${Object.keys(PEERS).join(', ')}
  --json FILE        write the report
  --help             this text

Exit status: 0 every target is met, 1 one is missed or a comparison could not be made, 2 the
arguments or the machine rule the bench out.
`;

const OPTIONS = {
  'only': { type: 'string' },
  'instructions': { type: 'boolean' },
  'check': { type: 'boolean' },
  'update': { type: 'boolean' },
  'synth': { type: 'boolean' },
  'rounds': { type: 'string' },
  'seconds': { type: 'string' },
  'peer': { type: 'string', multiple: true },
  'json': { type: 'string' },
  'help': { type: 'boolean' },
} as const;

export function parseBenchOptions(args: readonly string[]): BenchOptions | 'help' {
  const values = parseOptions([...args], OPTIONS);
  if (values.help) {
    return 'help';
  }
  const wanted = [...(values.only?.split(',') ?? []), ...(values.instructions ? ['instructions'] : []), ...(values.synth ? ['synth'] : [])];
  const comparisons = pick(wanted.map((name) => name.trim()));
  const budgeted = comparisons.some((comparison) => comparison.name === 'instructions');
  if ((values.check || values.update) && !budgeted) {
    throw CommandError.usage(`'--${values.check ? 'check' : 'update'}' is about instructions: add --instructions`);
  }
  if (values.check && values.update) {
    throw CommandError.usage("'--check' holds the code to its budget and '--update' writes it: give one of them");
  }
  return {
    comparisons,
    rounds: whole('rounds', values.rounds, DEFAULT_ROUNDS, 99),
    seconds: whole('seconds', values.seconds, DEFAULT_SECONDS, 600),
    peers: peers(values.peer ?? []),
    json: values.json === undefined ? undefined : output(values.json),
    check: values.check ?? false,
    update: values.update ?? false,
  };
}

function pick(names: readonly string[]): readonly Comparison[] {
  if (names.length === 0) {
    return COMPARISONS.filter((comparison) => comparison.byDefault);
  }
  const unknown = names.filter((name) => !COMPARISONS.some((comparison) => comparison.name === name));
  if (unknown.length > 0) {
    throw CommandError.usage(`'--only' must be one or more of ${COMPARISONS.map(({ name }) => name).join(', ')}, got '${unknown.join(', ')}'`);
  }
  return COMPARISONS.filter((comparison) => names.includes(comparison.name));
}

function whole(name: string, text: string | undefined, fallback: number, max: number): number {
  if (text === undefined) {
    return fallback;
  }
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= 1 && value <= max)) {
    throw CommandError.usage(`'--${name}' must be a whole number from 1 to ${max}, got '${text}'`);
  }
  return value;
}

function peers(given: readonly string[]): Peers {
  const chosen: Record<string, string> = { ...PEERS };
  for (const text of given) {
    const [, name, file] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || !(name in PEERS)) {
      throw CommandError.usage(`'--peer' must be NAME=PATH with one of ${Object.keys(PEERS).join(', ')}, got '${text}'`);
    }
    try {
      fs.accessSync(file, fs.constants.X_OK);
    } catch {
      throw CommandError.usage(`'--peer' must name a program that can be run, got '${file}'`);
    }
    chosen[name] = path.resolve(file);
  }
  return chosen as Peers;
}

/** Found out now and not after minutes of measuring. */
function output(file: string): string {
  const absolute = path.resolve(file);
  try {
    fs.accessSync(path.dirname(absolute), fs.constants.W_OK);
  } catch {
    throw CommandError.usage(`'--json' must be in a folder that exists and can be written, got '${file}'`);
  }
  return absolute;
}
