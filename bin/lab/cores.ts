// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { CommandError } from '../commands/command-error';

/** Which CPU does what while packets fly. */
export interface Cores {
  readonly generator: number;
  readonly receiver: number;
  /** The receiver's main thread and the lab itself. */
  readonly housekeeping: number;
}

/** A CPU and the CPUs that share its core. */
export interface Cpu {
  readonly id: number;
  readonly siblings: readonly number[];
}

/**
 * Generator and receiver both spin, so each gets a whole core. The lab's own work moves aside when
 * there is a third core, else it shares with the generator, which can say what that cost it
 * (schedule error); the receiver cannot.
 */
export function chooseCores(cpus: readonly Cpu[]): Cores {
  const wholeCores = cpus.filter((cpu) => !cpu.siblings.some((sibling) => sibling < cpu.id && cpus.some((other) => other.id === sibling)));
  const ids = (wholeCores.length >= 2 ? wholeCores : cpus).map((cpu) => cpu.id);
  if (ids.length < 2) {
    throw CommandError.usage(`the lab needs 2 CPUs, one for the generator and one for the receiver; this process may use ${ids.length}`);
  }
  return ids.length === 2
    ? { generator: ids[0], receiver: ids[1], housekeeping: ids[0] }
    : { housekeeping: ids[0], generator: ids[1], receiver: ids[2] };
}

/** The CPUs this process may use, which in a container are fewer than the machine has. */
export function allowedCpus(): Cpu[] {
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return parseCpuList(allowed).map((id) => ({ id, siblings: siblings(id) }));
}

/** "0-2,5" to 0, 1, 2, 5. */
export function parseCpuList(text: string): number[] {
  return text.trim().split(',').filter((part) => part !== '').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

function siblings(id: number): number[] {
  try {
    return parseCpuList(fs.readFileSync(`/sys/devices/system/cpu/cpu${id}/topology/thread_siblings_list`, 'utf8'));
  } catch {
    return [id];
  }
}
