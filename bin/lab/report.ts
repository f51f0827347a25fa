// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { CommandError } from '../commands/command-error';
import { Environment } from './environment';
import { Bucket, Percentiles } from './histogram';
import { Override } from './lab-plan';
import { Causes, Ledger, sum } from './ledger';
import { DEFAULT_RATE } from './options';

/** Raised when a field changes its meaning; new fields do not change it. */
export const REPORT_SCHEMA = 1;

/** What every reader of lab numbers is told. */
export const LAB_STATEMENT = 'A lab proves logic and accounting: that every packet arrives or is explained. '
  + 'It says nothing about microseconds on EC2.';

/** What was really in force while a run was measured, read back from the system. */
export interface Mode {
  readonly driver: string;
  /** native, generic, or empty where no XDP is involved. */
  readonly xdp: string;
  /** zero-copy, copy, or empty. */
  readonly copy: string;
  readonly detail: string;
}

/** Share of one CPU each role used while measured. */
export interface CpuPercent {
  readonly receiver: number;
  readonly receiverMain: number;
  readonly generator: number;
}

/** One plane, measured. */
export interface LabRun extends Ledger {
  readonly plane: string;
  readonly wire: string;
  readonly mode: Mode;
  readonly handler: string;
  /** Asked. */
  readonly rate: number;
  /** Really sent, per second. */
  readonly rateAchieved: number;
  readonly size: number;
  readonly seconds: number;
  /** From the time a message was due at the sender to the end of its handler. */
  readonly latencyNs: Percentiles;
  /** From a datagram's arrival stamp to the end of its handler. */
  readonly receiveLatencyNs: Percentiles;
  /** How late the generator itself was: part of latencyNs that is not the receiver's. */
  readonly scheduleErrorNs: Readonly<Record<string, number>>;
  readonly cpuPercent: CpuPercent;
  readonly overrides: readonly Override[];
  readonly distributions: { readonly latency: readonly Bucket[]; readonly receive: readonly Bucket[] };
}

/** What `--json` writes and `kb report` reads. */
export interface LabReport {
  readonly schema: typeof REPORT_SCHEMA;
  readonly statement: string;
  readonly environment: Environment;
  readonly runs: readonly LabRun[];
  /** Planes that could not be measured, and why. */
  readonly errors: readonly string[];
}

export function runName(run: { plane: string; wire: string }): string {
  return run.wire === 'veth' ? run.plane : `${run.plane}-${run.wire}`;
}

/**
 * Why a run is no success: its books do not balance, or it lost packets at a rate that every plane
 * must hold. Losses with a named cause above the default rate are a finding, not a failure.
 */
export function failures(run: LabRun): string[] {
  const found: string[] = [];
  if (run.unexplained > 0) {
    found.push(`${run.unexplained} of ${run.sent} packets are unexplained`);
  }
  if (run.unexplained < 0) {
    found.push(`${-run.unexplained} packets more are accounted for than the ${run.sent} that were sent`);
  }
  if (sum(run.lost) !== 0 && run.rate <= DEFAULT_RATE) {
    found.push(`${sum(run.lost)} of ${run.sent} packets were lost at ${run.rate}/s: ${describeCauses(run.lost)}`);
  }
  return found.map((reason) => `${runName(run)}: ${reason}`);
}

/** What a reader should know although it is no failure. */
export function warnings(run: LabRun): string[] {
  // One percent: the generator's clock and start-up are well inside it, a core that is taken is not.
  return run.rateAchieved < run.rate * 0.99
    ? [`${runName(run)}: the generator sent ${run.rateAchieved}/s of the ${run.rate}/s asked for: sending takes it longer, or its core was not its own`]
    : [];
}

export function describeCauses(causes: Causes): string {
  return Object.entries(causes).map(([cause, count]) => `${cause} ${count}`).join(', ') || 'none';
}

export function readReport(file: string): LabReport {
  let report: Partial<LabReport>;
  try {
    report = JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<LabReport>;
  } catch (error) {
    throw CommandError.usage(`'${file}' cannot be read as a report: ${(error as Error).message}`);
  }
  if (report?.schema !== REPORT_SCHEMA || !Array.isArray(report.runs)) {
    throw CommandError.usage(`'${file}' must be a report with "schema": ${REPORT_SCHEMA}, as 'kb lab --json' writes it; got schema ${report?.schema}`);
  }
  return report as LabReport;
}
