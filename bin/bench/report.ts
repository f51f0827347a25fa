// SPDX-License-Identifier: Apache-2.0
import { Environment } from '../lab/environment';
import { Finding, Target } from './finding';

/** Raised when a field changes its meaning; new fields do not change it. */
export const BENCH_SCHEMA = 1;

/** What `--json` writes. */
export interface BenchReport {
  readonly schema: typeof BENCH_SCHEMA;
  readonly environment: Environment;
  readonly rounds: number;
  readonly seconds: number;
  readonly findings: readonly Finding[];
  /** Comparisons that could not be made, and why. */
  readonly errors: readonly string[];
}

const STATEMENT = 'Ratios of medians, both sides measured in turn on this machine. They compare programs; absolute figures are this machine\'s, not EC2\'s.';

/** The report as a table for the terminal. */
export function benchTable(report: BenchReport): string {
  const rows = [
    ['comparison', 'measure', 'ours', 'median', 'against', 'median', 'ratio', 'target', ''],
    ...report.findings.map((one) => [
      one.comparison, `${one.metric}, ${one.unit}`, one.ours.name, figure(one.ours.median), one.peer.name, figure(one.peer.median),
      one.ratio.toFixed(2), one.target === undefined ? '' : describeTarget(one.target), one.met === undefined ? '' : one.met ? 'met' : 'MISSED',
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const NUMBERS = [3, 5, 6];
  const lines = rows.map((row) => row.map((cell, i) => (NUMBERS.includes(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ').trimEnd());
  const notes = report.findings.filter((one) => one.note !== undefined).map((one) => `${one.comparison}, ${one.metric}: ${one.note}`);
  return ['', ...lines, '', ...new Set(notes), STATEMENT].join('\n');
}

export function describeTarget(target: Target): string {
  return 'atLeast' in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`;
}

/** Why a bench is no success. */
export function benchFailures(report: BenchReport): string[] {
  const missed = report.findings.filter((one) => one.met === false).map((one) =>
    `${one.comparison}: ${one.metric} is ${one.ratio.toFixed(2)} of ${one.peer.name}, the target is ${describeTarget(one.target as Target)}`);
  return [...report.errors, ...missed];
}

/** 24_812_345 as 24.8 M, 312.4 as 312. */
function figure(value: number): string {
  const units: [number, string][] = [[1e6, ' M'], [1e3, ' k'], [1, '']];
  const [scale, unit] = units.find(([least]) => value >= least) ?? [1, ''];
  const scaled = value / scale;
  return `${scaled.toFixed(scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2)}${unit}`;
}
