// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';

const TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux that runs Node

/** CPU time of one thread. */
export interface ThreadTime {
  readonly tid: number;
  readonly name: string;
  readonly seconds: number;
}

/** The CPU time that a process's threads have used by now. */
export interface CpuSample {
  readonly atMs: number;
  readonly pid: number;
  readonly threads: readonly ThreadTime[];
}

/** undefined once the process is gone. */
export function sampleCpu(pid: number): CpuSample | undefined {
  try {
    const threads = fs.readdirSync(`/proc/${pid}/task`).map((tid) => threadTime(fs.readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8')));
    return { atMs: performance.now(), pid, threads };
  } catch {
    return undefined;
  }
}

/** Parses /proc/PID/task/TID/stat: the name stands in brackets and may itself hold spaces and brackets. */
export function threadTime(stat: string): ThreadTime {
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  const fields = stat.slice(close + 2).split(' ');
  const [user, system] = [Number(fields[11]), Number(fields[12])]; // utime and stime: fields 14 and 15 of proc(5)
  return { tid: Number(stat.slice(0, open)), name: stat.slice(open + 1, close), seconds: (user + system) / TICKS_PER_SECOND };
}

/** Share of one CPU, in percent, that the threads of `role` used between two samples. */
export function cpuPercent(before: CpuSample, after: CpuSample, role: (thread: ThreadTime, pid: number) => boolean = () => true): number {
  const used = after.threads.filter((thread) => role(thread, after.pid)).reduce((total, thread) => {
    const start = before.threads.find((other) => other.tid === thread.tid)?.seconds ?? 0;
    return total + thread.seconds - start;
  }, 0);
  const elapsed = (after.atMs - before.atMs) / 1000;
  return elapsed > 0 ? Math.round((used / elapsed) * 1000) / 10 : 0;
}

/**
 * Share of one CPU that a process used while it had all its threads: what it does before it starts
 * them and after they end (DPDK takes its time at both) is not its work.
 */
export function cpuAtWork(samples: readonly CpuSample[]): number {
  const most = Math.max(...samples.map((sample) => sample.threads.length));
  const working = samples.filter((sample) => sample.threads.length === most);
  return working.length < 2 ? 0 : cpuPercent(working[0], working[working.length - 1]);
}
