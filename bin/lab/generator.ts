// SPDX-License-Identifier: Apache-2.0
import { CommandError } from '../commands/command-error';
import { prioritise } from './confine';
import { cpuAtWork, CpuSample, sampleCpu } from './cpu-usage';
import { attempt, lastWords } from './shell';

const CPU_EVERY_MS = 250; // the last sample before its end is at most this old

/** What kb-gen says it did. */
export interface Generated {
  /** Datagrams that really went out. */
  readonly sent: number;
  readonly achievedRate: number;
  /** How long after it was due a message was handed over. */
  readonly scheduleErrorNs: Readonly<Record<string, number>>;
  readonly cpuPercent: number;
}

/** Runs a kb-gen to its end; `onSecond` sees its line of every second. */
export async function generate(
  [program, args]: readonly [string, string[]], signal: AbortSignal, onSecond: (sent: number) => void = () => undefined,
): Promise<Generated> {
  const samples: CpuSample[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    const done = await attempt(program, args, {
      signal,
      onStart: (pid) => {
        prioritise(pid);
        timer = setInterval(() => samples.push(...[sampleCpu(pid)].filter((sample) => sample !== undefined)), CPU_EVERY_MS);
      },
      onLine: (line) => {
        const sent = /: (\d+) sent, \d+ behind$/.exec(line);
        if (sent) {
          onSecond(Number(sent[1]));
        }
      },
    });
    return { ...parseGenerated(done.stdout, done.stderr), cpuPercent: cpuAtWork(samples) };
  } finally {
    clearInterval(timer);
  }
}

/** Also of one that sent less than asked: what it did send must be accounted for. */
export function parseGenerated(stdout: string, stderr: string): Omit<Generated, 'cpuPercent'> {
  try {
    const { sent, achievedRate, scheduleErrorNs } = JSON.parse(stdout) as Generated;
    return { sent, achievedRate: Math.round(achievedRate), scheduleErrorNs };
  } catch {
    throw CommandError.retry(`the generator failed: ${lastWords(stderr || stdout)}`);
  }
}
