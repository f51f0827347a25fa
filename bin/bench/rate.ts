// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { Reading } from './reading';

const WARM_UP_MS = 700; // caches, branch predictors, and what a driver builds when it is first used

/** Something that counts what it receives. */
export interface Running {
  read(): Promise<Reading>;
  stop(): Promise<unknown>;
}

/** A rate of something that runs already, and is ended afterwards. */
export async function rateOf(
  running: Running, seconds: number, rate: (before: Reading, after: Reading) => number,
): Promise<number> {
  try {
    await sleep(WARM_UP_MS);
    const before = await running.read();
    await sleep(seconds * 1000);
    return rate(before, await running.read());
  } finally {
    await running.stop();
  }
}
