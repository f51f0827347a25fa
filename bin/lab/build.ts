// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CommandError } from '../commands/command-error';
import { PACKAGE_ROOT } from './package-root';
import { attempt, lastWords } from './shell';
import { Terminal } from './terminal';

/** The data plane as built for the lab. */
export class DataPlaneBuild {
  /** Builds what changed since the last time; `handler` is a built-in's name or a directory. */
  static async make(handler: string, terminal: Terminal, signal: AbortSignal): Promise<DataPlaneBuild> {
    const build = new DataPlaneBuild(path.join(PACKAGE_ROOT, 'build', 'lab'));
    const source = path.join(PACKAGE_ROOT, 'assets', 'dataplane');
    const configured = fs.existsSync(path.join(build.folder, 'build.ninja'));
    terminal.progress('building the data plane');
    await step('meson', configured
      ? ['configure', build.folder, `-Dhandler_dir=${handler}`]
      : ['setup', build.folder, source, `-Dhandler_dir=${handler}`], terminal, signal);
    await step('ninja', ['-C', build.folder], terminal, signal);
    return build;
  }

  private constructor(private readonly folder: string) {}

  /** The path of a program; throws, naming what it needs, when the build left it out. */
  program(name: string): string {
    const found = [this.folder, path.join(this.folder, 'tools'), path.join(this.folder, 'bpf')]
      .map((folder) => path.join(folder, name))
      .find((file) => fs.existsSync(file));
    if (found === undefined) {
      throw CommandError.usage(`the build has no ${name}; look for what was 'not found' in ${path.join(this.folder, 'meson-logs', 'meson-log.txt')}`);
    }
    return found;
  }
}

async function step(command: string, args: string[], terminal: Terminal, signal: AbortSignal): Promise<void> {
  const done = await attempt(command, args, {
    signal,
    onLine: (line) => {
      if (/^\[\d+\/\d+\]/.test(line)) {
        terminal.progress(`building the data plane ${line}`);
      }
    },
  });
  if (done.status !== 0) {
    // Compilers talk on ninja's standard output; the first error is the one that matters.
    const text = done.stdout + done.stderr;
    const error = text.split('\n').find((line) => /error:/i.test(line));
    throw CommandError.usage(`the data plane does not build ('${command} ${args.join(' ')}'): ${error ?? lastWords(text)}`);
  }
}
