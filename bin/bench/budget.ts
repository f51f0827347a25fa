// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CommandError } from '../commands/command-error';
import { PACKAGE_ROOT } from '../lab/package-root';

/** What each part may cost, in instructions per datagram, as built by one compiler for one architecture. */
export interface Budget {
  readonly arch: string;
  readonly compiler: string;
  readonly instructions: Readonly<Record<string, number>>;
}

const FILE = path.join(PACKAGE_ROOT, 'bench', 'budget.json');

export function readBudget(): Budget {
  try {
    return JSON.parse(fs.readFileSync(FILE, 'utf8')) as Budget;
  } catch (error) {
    throw CommandError.usage(`the instruction budget cannot be read: ${(error as Error).message}; write one with --instructions --update`);
  }
}

export function writeBudget(budget: Budget): void {
  try {
    fs.writeFileSync(FILE, `${JSON.stringify(budget, null, 2)}\n`);
  } catch (error) {
    throw CommandError.usage(`the instruction budget cannot be written: ${(error as Error).message}; it belongs to a clone of the repository`);
  }
}
