// SPDX-License-Identifier: Apache-2.0
import { ChildProcess, spawn } from 'node:child_process';
import { CommandError } from '../commands/command-error';

/** What a finished program left behind. */
export interface Finished {
  /** Exit status; 128 + n after signal n, as a shell counts. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ShellOptions {
  readonly cwd?: string;
  /** The whole environment; this process's own when undefined. */
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the program early. */
  readonly signal?: AbortSignal;
  /** Sees each line of either output as it comes. */
  readonly onLine?: (line: string) => void;
  readonly onStart?: (pid: number) => void;
}

/** Runs a program to its end and reports its status, whatever that is. */
export function attempt(command: string, args: readonly string[], options: ShellOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    // Its own session: Ctrl-C reaches the lab alone, and the lab decides what ends when.
    const child = spawn(command, args, {
      cwd: options.cwd, env: options.env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'], detached: true,
    });
    const stop = () => killGroup(child);
    options.signal?.addEventListener('abort', stop);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; }).on('data', byLine(options.onLine));
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; }).on('data', byLine(options.onLine));
    child.on('spawn', () => options.onStart?.(child.pid as number));
    child.on('error', (error: NodeJS.ErrnoException) => {
      options.signal?.removeEventListener('abort', stop);
      reject(error.code === 'ENOENT' ? CommandError.usage(`'${command}' is not installed`) : error);
    });
    child.on('close', (status, signal) => {
      options.signal?.removeEventListener('abort', stop);
      if (options.signal?.aborted) {
        reject(options.signal.reason as Error);
      } else {
        resolve({ status: status ?? 128 + signalNumber(signal), stdout, stderr });
      }
    });
  });
}

/** Runs a program that has to succeed; its last words are the reason when it does not. */
export async function run(command: string, args: readonly string[], options: ShellOptions = {}): Promise<string> {
  const done = await attempt(command, args, options);
  if (done.status !== 0) {
    throw CommandError.retry(`'${command} ${args.join(' ')}' stopped with status ${done.status}: ${lastWords(done.stderr || done.stdout)}`);
  }
  return done.stdout;
}

/** The last lines that say something, on one line. */
export function lastWords(text: string, lines = 3): string {
  const said = text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return said.length === 0 ? 'it said nothing' : said.slice(-lines).join(' | ');
}

function byLine(onLine: ShellOptions['onLine']): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach((line) => onLine?.(line));
  };
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-(child.pid as number), 'SIGTERM');
  } catch {
    child.kill('SIGTERM');
  }
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === 'SIGKILL' ? 9 : signal === 'SIGINT' ? 2 : 15;
}
