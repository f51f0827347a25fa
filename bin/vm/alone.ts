// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';

const LOOK_EVERY_MS = 500;

/** Runs beside each other do not make the same thing at once: who comes second waits for the first. */
export async function alone<T>(name: string, use: () => Promise<T>): Promise<T> {
  const lock = `${name}.lock`; // holds the id of the process that made it
  while (!created(lock)) {
    if (!runs(Number(readIfThere(lock)))) {
      fs.rmSync(lock, { force: true }); // it was killed
    } else {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
  try {
    return await use();
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

function created(lock: string): boolean {
  // A link appears with its content, a new file before it.
  const own = `${lock}.${process.pid}`;
  fs.writeFileSync(own, String(process.pid));
  try {
    fs.linkSync(own, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
    return false;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** The content of a file; the own process id, which runs, for one that has just gone. */
function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return String(process.pid);
  }
}

function runs(pid: number): boolean {
  return fs.existsSync(`/proc/${pid}`);
}
