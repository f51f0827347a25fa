// SPDX-License-Identifier: Apache-2.0
import { ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { prioritise } from './confine';
import { lastWords } from './shell';

const GRACE_MS = 5000; // a receiver drains for 100 ms, closes its port and prints its report

/** A program that runs until it is told to stop. */
export class Daemon {
  /** Starts it with its output in a log file, in a session of its own: the lab's Ctrl-C is not its. */
  static start([program, args]: readonly [string, string[]], env: NodeJS.ProcessEnv, log: string): Daemon {
    const output = fs.openSync(log, 'w', 0o644);
    const child = spawn(program, args, { env, stdio: ['ignore', output, output], detached: true });
    fs.closeSync(output);
    prioritise(child.pid ?? 0);
    return new Daemon(child, log);
  }

  private ended?: string;
  private readonly end: Promise<void>;

  private constructor(private readonly child: ChildProcess, private readonly log: string) {
    this.end = new Promise((resolve) => {
      const finish = (how: string) => {
        this.ended = how;
        resolve();
      };
      child.on('error', (error) => finish(error.message));
      child.on('exit', (status, signal) => finish(signal === null ? `status ${status}` : signal));
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** How it ended by itself and what it said last; undefined while it runs. */
  get failure(): string | undefined {
    return this.ended === undefined ? undefined : `it ended with ${this.ended}: ${lastWords(fs.readFileSync(this.log, 'utf8'))}`;
  }

  /** Asks it to end, insists after a while, and waits until it is gone. Returns how it ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<string> {
    if (this.ended === undefined) {
      this.child.kill(signal);
      const insist = setTimeout(() => this.child.kill('SIGKILL'), GRACE_MS);
      await this.end;
      clearTimeout(insist);
    }
    return this.ended ?? '';
  }
}
