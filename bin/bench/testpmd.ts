// SPDX-License-Identifier: Apache-2.0
import { ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import * as readline from 'node:readline';
import { CommandError } from '../commands/command-error';
import { confine, Place, prioritise } from '../lab/confine';
import { lastWords } from '../lab/shell';
import { BURST } from './pcap-port';
import { threadTimeNs } from './thread-time';
import { Reading } from './reading';

const ANSWER_MS = 15_000; // DPDK starts within seconds, also on a slow machine

/** DPDK's own test program, as the peer that receives and only counts. */
export class Testpmd {
  static async start(program: string, eal: string, place: Place, mbufs: number): Promise<Testpmd> {
    // Its prompt is a pipe here: without stdbuf an answer would wait for 4 KiB of others.
    const [command, args] = confine(place, 'stdbuf', ['--output=L', program, ...eal.split(' '), '--',
      '--interactive', '--forward-mode=rxonly', '--no-flush-rx', `--burst=${BURST}`, `--total-num-mbufs=${mbufs}`]);
    const child = spawn(command, args, { stdio: 'pipe', detached: true });
    const testpmd = new Testpmd(child);
    prioritise(child.pid ?? 0);
    child.stdin.write('start\n');
    await testpmd.received();
    return testpmd;
  }

  private said = '';
  private readonly lines: AsyncIterableIterator<string>;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    this.lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.setEncoding('utf8').on('data', (text: string) => { this.said += text; });
    child.stdin.on('error', () => undefined); // it ended: the reading says so
    child.on('error', (error) => { this.said += error.message; });
  }

  async read(): Promise<Reading> {
    return { packets: await this.received(), cpuNs: this.workerTimeNs(), wallNs: performance.now() * 1e6 };
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('close', resolve));
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.stdin.end('quit\n');
      const insist = setTimeout(() => this.child.kill('SIGKILL'), ANSWER_MS);
      await ended;
      clearTimeout(insist);
    }
  }

  private async received(): Promise<number> {
    this.child.stdin.write('show port stats 0\n');
    const late = setTimeout(() => this.child.kill('SIGKILL'), ANSWER_MS);
    try {
      for (let next = await this.lines.next(); !next.done; next = await this.lines.next()) {
        const packets = /RX-packets: (\d+)/.exec(next.value)?.[1];
        if (packets !== undefined) {
          return Number(packets);
        }
      }
    } finally {
      clearTimeout(late);
    }
    throw CommandError.retry(`testpmd does not run here: ${lastWords(this.said)}`);
  }

  /** Worker threads have had two names in DPDK's life. */
  private workerTimeNs(): number {
    const pid = this.child.pid as number;
    try {
      return threadTimeNs(pid, 'rte-worker');
    } catch {
      return threadTimeNs(pid, 'lcore-worker');
    }
  }
}
