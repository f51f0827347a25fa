// SPDX-License-Identifier: Apache-2.0
import { describeCauses, LabReport, LabRun, runName } from './report';
import { sum } from './ledger';

type Row = readonly string[];

/** The report as a table for the terminal. */
export function reportTable(report: LabReport): string {
  const rows: Row[] = [
    ['plane', 'mode in force', 'sent', 'received', 'lost', 'unexplained', 'p50', 'p90', 'p99', 'p99.9', 'max', 'CPU rx/main/gen'],
    ...report.runs.map((run) => [
      runName(run), describeMode(run), count(run.sent), count(run.received), count(sum(run.lost)), count(run.unexplained),
      ...latencies(run),
      `${run.cpuPercent.receiver.toFixed(0)}/${run.cpuPercent.receiverMain.toFixed(0)}/${run.cpuPercent.generator.toFixed(0)} %`,
    ]),
  ];
  const notes = report.runs.flatMap((run) => [
    ...(sum(run.lost) === 0 ? [] : [`${runName(run)} lost: ${describeCauses(run.lost)}`]),
    ...(sum(run.ignored) === 0 ? [] : [`${runName(run)} ignored: ${describeCauses(run.ignored)}`]),
  ]);
  return ['', columns(rows), ...notes, '', report.statement].join('\n');
}

/** Two reports side by side: how the second differs from the first. */
export function comparisonTable(before: LabReport, after: LabReport): string {
  const rows: Row[] = [['plane', 'sent', 'lost', 'unexplained', 'p50', 'p99', 'p99.9', 'max', 'CPU rx']];
  const missing: string[] = [];
  for (const run of after.runs) {
    const old = before.runs.find((other) => runName(other) === runName(run));
    if (old === undefined) {
      missing.push(`${runName(run)} is only in the second report`);
      continue;
    }
    rows.push([
      runName(run), pair(count(old.sent), count(run.sent)), pair(count(sum(old.lost)), count(sum(run.lost))),
      pair(count(old.unexplained), count(run.unexplained)),
      ...(['p50', 'p99', 'p999', 'max'] as const).map((key) => change(old.latencyNs[key], run.latencyNs[key])),
      pair(`${old.cpuPercent.receiver.toFixed(0)} %`, `${run.cpuPercent.receiver.toFixed(0)} %`),
    ]);
  }
  for (const run of before.runs.filter((old) => !after.runs.some((other) => runName(other) === runName(old)))) {
    missing.push(`${runName(run)} is only in the first report`);
  }
  const notes = [...missing, ...differences(before, after)];
  return ['', columns(rows), ...notes, '', after.statement].join('\n');
}

/** Nanoseconds as a reader would say them. */
export function duration(ns: number): string {
  const units: [number, string][] = [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs']];
  const [scale, unit] = units.find(([least]) => ns >= least) ?? [1, 'ns'];
  const value = ns / scale;
  return `${value.toFixed(value >= 100 || Number.isInteger(value) ? 0 : 1)} ${unit}`;
}

/** p50 to max; a handler that looks at no time stamp has none. */
export function latencies(run: LabRun): string[] {
  const { p50, p90, p99, p999, max } = run.latencyNs;
  return [p50, p90, p99, p999, max].map((ns) => (run.latencyNs.count === 0 ? '-' : duration(ns)));
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

export function describeMode(run: LabRun): string {
  return [run.mode.driver, run.mode.xdp, run.mode.copy].filter((part) => part !== '').join(' ');
}

/** What makes two reports incomparable must be seen beside the comparison. */
function differences(before: LabReport, after: LabReport): string[] {
  const facts = (report: LabReport): Record<string, string> => ({
    commit: report.environment.commit,
    kernel: report.environment.kernel,
    cpu: report.environment.cpu,
    cpus: String(report.environment.cpus),
    dpdk: report.environment.versions.dpdk,
    rate: distinct(report.runs.map((run) => run.rate)),
    size: distinct(report.runs.map((run) => run.size)),
  });
  const [old, now] = [facts(before), facts(after)];
  return Object.keys(now).filter((key) => old[key] !== now[key]).map((key) => `differs: ${key} ${old[key]} → ${now[key]}`);
}

function distinct(values: readonly number[]): string {
  return [...new Set(values)].join(', ');
}

function pair(old: string, now: string): string {
  return old === now ? now : `${old} → ${now}`;
}

function change(old: number, now: number): string {
  const percent = old === 0 ? '' : ` (${now >= old ? '+' : ''}${(((now - old) / old) * 100).toFixed(0)} %)`;
  return `${duration(old)} → ${duration(now)}${percent}`;
}

/** The first two columns hold words, the rest numbers. */
function columns(rows: readonly Row[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const words = rows[0][1] === 'mode in force' ? 2 : 1;
  return rows.map((row) => row.map((cell, column) => (column < words ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ').trimEnd()).join('\n');
}
