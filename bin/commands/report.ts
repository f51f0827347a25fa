// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { parseArgs } from 'node:util';
import { Command } from './command';
import { CommandError } from './command-error';
import { guard, parseError } from './guard';
import { failures, readReport } from '../lab/report';
import { reportPage } from '../lab/report-page';
import { comparisonTable, reportTable } from '../lab/report-table';

const USAGE = `usage: kb report FILE [FILE] [--html FILE]

Shows a report that 'kb lab --json FILE' wrote; with two, how the second differs from the first.

  --html FILE   write the (second) report as one self-contained page
  --help        this text

Exit status: 0 every run of the (second) report balanced, 1 one did not, 2 the arguments are wrong.
`;

export const report: Command = {
  name: 'report',
  summary: 'show a lab report again, or compare two',
  run: (args) => guard('report', () => show(args)),
};

function show(args: string[]): number {
  const { values, positionals } = read(args);
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (positionals.length < 1 || positionals.length > 2) {
    throw CommandError.usage(`one or two reports can be shown, got ${positionals.length}; see --help`);
  }
  const reports = positionals.map(readReport);
  const latest = reports[reports.length - 1];
  console.log(reports.length === 2 ? comparisonTable(reports[0], reports[1]) : reportTable(latest));
  if (values.html !== undefined) {
    write(values.html, reportPage(latest));
  }
  const failed = latest.runs.flatMap(failures);
  failed.forEach((failure) => console.error(`kb report: ${failure}`));
  return failed.length === 0 ? 0 : 1;
}

function read(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: { html: { type: 'string' }, help: { type: 'boolean' } } });
  } catch (error) {
    throw parseError(error as Error, args);
  }
}

function write(file: string, text: string): void {
  try {
    fs.writeFileSync(file, text);
  } catch (error) {
    throw CommandError.usage(`'--html' must be a file that can be written, got '${file}': ${(error as Error).message}`);
  }
}
