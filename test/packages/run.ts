// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';

/** Runs a program to its end; throws with its output when it fails, and returns what it printed. */
export function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  const done = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: { ...process.env, JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20', ...env },
  });
  if (done.status !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${done.status ?? done.signal}:\n${done.stdout}\n${done.stderr}`);
  }
  return done.stdout;
}

/** The first line of what a program says about itself, undefined when there is no such program. */
export function versionOf(program: string, ...args: string[]): string | undefined {
  const done = spawnSync(program, args, { encoding: 'utf8' });
  return done.status === 0 ? (done.stdout || done.stderr).split('\n')[0] : undefined;
}
