// SPDX-License-Identifier: Apache-2.0
import { Status } from './finding';
import { TargetReport } from './run';

export function countOf(reports: readonly TargetReport[], status: Status): number {
  return reports.flatMap(({ checks }) => checks).filter((check) => check.status === status).length;
}

/** The findings for people, a line each, and the fix below what needs one. */
export function reportText(region: string, reports: readonly TargetReport[]): string {
  const width = Math.max(...reports.flatMap(({ checks }) => checks.map(({ check }) => check.length)));
  const lines = reports.flatMap(({ name, instanceType, count, checks }) => [
    `${name}${name === instanceType ? '' : `: ${count} x ${instanceType}`} in ${region}`,
    ...checks.flatMap(({ check, status, detail, fix }) => [
      `  ${status}  ${check.padEnd(width)}  ${detail}`,
      ...(fix === undefined ? [] : [`          ${''.padEnd(width)}fix: ${fix}`]),
    ]),
    '',
  ]);
  const summary = `${countOf(reports, 'PASS')} passed, ${countOf(reports, 'FAIL')} failed, ${countOf(reports, 'SKIP')} skipped`;
  return [...lines, summary].join('\n');
}
