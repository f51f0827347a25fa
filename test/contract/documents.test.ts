// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Command } from '../../bin/commands/command';
import { packageRoot } from '../../lib/private/package-root';
import { commandLines, DOCUMENTS, links } from './documents';
import { read, readAll } from './files';

/* What a document tells its reader to type must exist: the command, its options, and the files it names. */

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const APP = Object.entries(readAll('bin')).filter(([file]) => /^bin\/[\w-]+\.ts$/.test(file)).map(([, text]) => text).join('\n');

/** Prints without printing. */
async function outputOf(run: () => Promise<number>): Promise<{ status: number; output: string }> {
  const lines: string[] = [];
  const spies = [
    jest.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line)),
    jest.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line)),
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(text.toString()) > 0),
  ];
  try {
    return { status: await run(), output: lines.join('\n') };
  } finally {
    spies.forEach((spy) => spy.mockRestore());
  }
}

function missingOptions(args: readonly string[], help: string): string[] {
  return args.filter((arg) => arg.startsWith('--') && arg !== '--').map((arg) => arg.split('=')[0])
    .filter((option) => !new RegExp(`(^|[\\s\\[|])${option}(?![\\w-])`, 'm').test(help))
    .map((option) => `there is no option ${option}`);
}

function missingFiles(args: readonly string[]): string[] {
  return args.filter((arg) => /^(test|assets|lib|bin|userdata)\//.test(arg) && !fs.existsSync(path.join(packageRoot(), arg)))
    .map((arg) => `there is no ${arg}`);
}

/** `kb COMMAND`: its options are those of its help, and where it only calculates, it is run. */
async function checkKb([name, ...args]: string[]): Promise<string[]> {
  const file = path.join(packageRoot(), 'bin', 'commands', `${name}.ts`);
  if (!fs.existsSync(file)) {
    return [`there is no command kb ${name}`];
  }
  const command = Object.values(jest.requireActual<Record<string, Command>>(file)).find((exported) => exported.name === name)!;
  const problems = missingOptions(args, (await outputOf(() => command.run(['--help']))).output);
  if (['advise', 'instances', 'rss'].includes(name) && args.length > 0) {
    const { status, output } = await outputOf(() => command.run(args));
    return status === 0 ? problems : [...problems, output];
  }
  return problems;
}

async function checkNpm(args: string[]): Promise<string[]> {
  if (args[0] === 'ci' || args[0] === 'install') {
    return [];
  }
  const [name, rest] = args[0] === 'run' ? [args[1], args.slice(2)] : [args[0], args.slice(1)];
  const script = scripts[name];
  if (script === undefined) {
    return [`there is no script ${name}`];
  }
  const kb = /^node bin\/kb\.js (.*)$/.exec(script);
  if (kb) {
    return checkKb([...kb[1].split(' '), ...rest.filter((arg) => arg !== '--')]);
  }
  const help = name === 'test' ? spawnSync(process.execPath, ['test/run.mjs', '--help'], { cwd: packageRoot(), encoding: 'utf8' }).stdout : '';
  return missingOptions(rest, help);
}

/** `-c KEY=VALUE` gives context that the app reads. */
function checkCdk(args: readonly string[]): string[] {
  return args.flatMap((arg, i) => (args[i - 1] === '-c' ? [arg.split('=')[0]] : []))
    .filter((key) => !APP.includes(`tryGetContext('${key}')`))
    .map((key) => `the app reads no context ${key}`);
}

async function problemsOf(line: string): Promise<string[]> {
  const [program, ...args] = line.split(/\s+/).filter((word, i) => i > 0 || word !== 'npx');
  switch (program) {
    case 'kb': return checkKb(args);
    case 'npm': return checkNpm(args);
    case 'cdk': return checkCdk(args);
    case 'jest': case 'bats': case 'meson': case 'ninja': return missingFiles(args);
    default: return ['what it is nobody checks: teach this test'];
  }
}

const LINES = DOCUMENTS.flatMap((document) => [...new Set(commandLines(document))].map((line) => [document, line]));

test('documents tell their readers what to type', () => {
  expect(LINES.length).toBeGreaterThan(10);
});

test.each(LINES)('%s: %s', async (_, line) => {
  expect(await problemsOf(line)).toEqual([]);
}, 60_000);

test.each(DOCUMENTS.flatMap((document) => links(document).map((link) => [document, link])))('%s links to %s, which is there', (document, link) => {
  const [file, anchor] = link.split('#');
  const target = file === '' ? document : path.join(path.dirname(document), file);
  expect(fs.existsSync(path.join(packageRoot(), target))).toBe(true);
  if (anchor !== undefined) {
    const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, text]) => text.toLowerCase().replace(/[^\w\s-]/g, '').replace(/\s/g, '-'));
    expect(headings).toContain(anchor);
  }
});
