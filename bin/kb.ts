#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { advise } from './commands/advise';
import { bench } from './commands/bench';
import type { Command } from './commands/command';
import { instances } from './commands/instances';
import { lab } from './commands/lab';
import { labVm } from './commands/lab-vm';
import { preflight } from './commands/preflight';
import { report } from './commands/report';
import { rss } from './commands/rss';

const COMMANDS: readonly Command[] = [advise, bench, instances, lab, labVm, preflight, report, rss];

function usage(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length));
  const lines = COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return `usage: kb COMMAND [OPTIONS]\n\n${lines.join('\n')}\n\n'kb COMMAND --help' tells more.\n`;
}

async function main([name, ...args]: string[]): Promise<number> {
  if (name === '--help' || name === 'help') {
    process.stdout.write(usage());
    return 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) {
    const problem = name === undefined ? 'which command?' : `there is no command '${name}'`;
    process.stderr.write(`kb: ${problem}\n\n${usage()}`);
    return 2;
  }
  return command.run(args);
}

void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
