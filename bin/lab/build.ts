// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CommandError } from '../commands/command-error';
import { PACKAGE_ROOT } from './package-root';
import { attempt, lastWords } from './shell';
import { Terminal } from './terminal';

/** Programs by the folder of the build that holds them. */
const FOLDER: Readonly<Record<string, string>> = {
  'kb-kernel': '', 'kb-afxdp': '', 'kb-dpdk': '', 'kb-stats': 'tools', 'kb-xdp': 'tools', 'kb-gen': 'tools', 'kb-gen-afxdp': 'tools', 'kb-gen-dpdk': 'tools', 'kb-gen-packet': 'tools',
  'cost_none': 'tests', 'cost_count': 'tests', 'cost_feed': 'tests', 'cost_ring': 'tests', // of the bench
};

/** The data plane as built for the lab. */
export class DataPlaneBuild {
  /** Builds the programs, what changed since the last time; `handler` is a built-in's name or a directory. */
  static async make(
    programs: readonly string[], handler: string, terminal: Terminal, signal: AbortSignal, buildName = 'lab',
  ): Promise<DataPlaneBuild> {
    const folder = path.join(PACKAGE_ROOT, 'build', buildName);
    const source = path.join(PACKAGE_ROOT, 'assets', 'dataplane');
    checkWritable(folder);
    terminal.progress('building the data plane');
    const configured = configuredHandler(folder);
    if (configured === undefined) {
      await step('meson', ['setup', folder, source, `-Dhandler_dir=${handler}`], terminal, signal);
    } else if (configured !== handler) {
      await step('meson', ['configure', folder, `-Dhandler_dir=${handler}`], terminal, signal);
    }
    await step('ninja', ['-C', folder, ...programs.map((name) => path.join(FOLDER[name], name))], terminal, signal);
    return new DataPlaneBuild(folder);
  }

  private constructor(private readonly folder: string) {}

  /** The path of a program that was built. */
  program(name: string): string {
    return path.join(this.folder, FOLDER[name], name);
  }
}

/** undefined before the first time, or when that was cut short. */
function configuredHandler(folder: string): string | undefined {
  try {
    const options = JSON.parse(fs.readFileSync(path.join(folder, 'meson-info', 'intro-buildoptions.json'), 'utf8')) as { name: string; value: string }[];
    return fs.existsSync(path.join(folder, 'build.ninja')) ? options.find((option) => option.name === 'handler_dir')?.value : undefined;
  } catch {
    return undefined;
  }
}

/** A lab that ran as root leaves a build that others cannot change. */
function checkWritable(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true });
    [folder, ...fs.readdirSync(folder).map((name) => path.join(folder, name))].forEach((file) => fs.accessSync(file, fs.constants.W_OK));
  } catch {
    throw CommandError.usage(`the data plane is built in ${folder}, which this user cannot write; run the lab with sudo, or remove that folder`);
  }
}

async function step(command: string, args: string[], terminal: Terminal, signal: AbortSignal): Promise<void> {
  const done = await attempt(command, args, {
    signal,
    onLine: (line) => {
      if (/^\[\d+\/\d+\]/.test(line)) {
        terminal.detail(`building the data plane ${line}`);
      }
    },
  });
  if (done.status === 0) {
    return;
  }
  const text = done.stdout + done.stderr;
  const absent = /unknown target '([^']+)'/.exec(text)?.[1];
  if (absent !== undefined) {
    throw CommandError.usage(`the build leaves ${path.basename(absent)} out because something it needs was not found; build/lab/meson-logs/meson-log.txt says what`);
  }
  // Compilers talk on ninja's standard output; the first error is the one that matters.
  const error = text.split('\n').find((line) => /error:/i.test(line));
  throw CommandError.usage(`the data plane does not build ('${command} ${args.slice(0, 2).join(' ')}'): ${error ?? lastWords(text)}`);
}
