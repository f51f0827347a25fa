// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';

/**
 * Nanoseconds that the thread of a process whose name begins so has had a CPU for. A rate per such
 * second is the program's own: it does not change with what else the machine has to do.
 */
export function threadTimeNs(pid: number, name: string): number {
  const tasks = `/proc/${pid}/task`;
  const tid = fs.readdirSync(tasks).find((id) => fs.readFileSync(`${tasks}/${id}/comm`, 'utf8').startsWith(name));
  if (tid === undefined) {
    throw new Error(`process ${pid} has no thread ${name}`);
  }
  return Number(fs.readFileSync(`${tasks}/${tid}/schedstat`, 'utf8').split(' ')[0]);
}
